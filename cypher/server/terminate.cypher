// Tell the server to end the transactions that bear a mark; read is the kind of transaction this runs in.
// access: read
// params: mark
// returns: id, message
CYPHER 5
SHOW TRANSACTIONS YIELD transactionId AS working, metaData
WHERE metaData.mark = $mark
TERMINATE TRANSACTIONS working YIELD transactionId AS id, message
RETURN id, message
