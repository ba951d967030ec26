// The transactions that bear a mark and that the server still works at.
// access: read
// params: mark
// returns: id
CYPHER 5
SHOW TRANSACTIONS YIELD transactionId AS id, metaData
WHERE metaData.mark = $mark
RETURN id
