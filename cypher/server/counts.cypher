// How many nodes there are of each label, and relationships of each type, as the server keeps count of them.
// access: read
// params: none
// returns: name, count
CYPHER 5
UNWIND [
  {name: 'Taxonomy', count: COUNT { (:Taxonomy) }},
  {name: 'Attribute', count: COUNT { (:Attribute) }},
  {name: 'Value', count: COUNT { (:Value) }},
  {name: 'Persona', count: COUNT { (:Persona) }},
  {name: 'Population', count: COUNT { (:Population) }},
  {name: 'Run', count: COUNT { (:Run) }},
  {name: 'Change', count: COUNT { (:Change) }},
  {name: 'Snapshot', count: COUNT { (:Snapshot) }},
  {name: 'Exchange', count: COUNT { (:Exchange) }},
  {name: 'Proposal', count: COUNT { (:Proposal) }},
  {name: 'Decision', count: COUNT { (:Decision) }},
  {name: 'Schema', count: COUNT { (:Schema) }},
  {name: 'HAS_CHILD', count: COUNT { ()-[:HAS_CHILD]->() }},
  {name: 'ADMITS', count: COUNT { ()-[:ADMITS]->() }},
  {name: 'REQUIRES', count: COUNT { ()-[:REQUIRES]->() }},
  {name: 'EXCLUDES', count: COUNT { ()-[:EXCLUDES]->() }},
  {name: 'IMPLIES', count: COUNT { ()-[:IMPLIES]->() }},
  {name: 'CONTAINS', count: COUNT { ()-[:CONTAINS]->() }},
  {name: 'PRODUCED', count: COUNT { ()-[:PRODUCED]->() }},
  {name: 'HAS', count: COUNT { ()-[:HAS]->() }},
  {name: 'EVIDENCES', count: COUNT { ()-[:EVIDENCES]->() }},
  {name: 'PROPOSES', count: COUNT { ()-[:PROPOSES]->() }},
  {name: 'BECAME', count: COUNT { ()-[:BECAME]->() }},
  {name: 'DECIDED', count: COUNT { ()-[:DECIDED]->() }},
  {name: 'TWIN_OF', count: COUNT { ()-[:TWIN_OF]->() }}
] AS one
RETURN one.name AS name, one.count AS count
