import TestSupport
import Testing

/// The checker that the documents of the commands are held against.
@Suite struct JSONSchemaTests {
  private let schema = """
    { "$schema": "s", "$id": "i", "title": "t", "description": "d", "type": "object", "required": ["id"],
      "additionalProperties": false,
      "properties": {
        "id": { "type": "string" }, "kind": { "enum": ["a", "b"] }, "version": { "const": 1 },
        "size": { "type": "integer", "minimum": 0 }, "note": { "type": ["string", "null"] },
        "parts": { "type": "array", "items": { "$ref": "#/$defs/part" } },
        "next": { "anyOf": [ { "$ref": "#/$defs/part" }, { "type": "null" } ] },
        "map": { "type": "object", "additionalProperties": { "type": "number" } } },
      "$defs": { "part": { "type": "object", "required": ["n"], "properties": { "n": { "type": "number" } } } } }
    """

  @Test(
    arguments: [
      (#"{"id":"x"}"#, []),
      (
        #"{"id":"x","kind":"b","version":1,"size":0,"note":null,"parts":[{"n":1},{"n":1.5,"m":[]}],"next":null,"map":{"a":1}}"#,
        []
      ),
      ("{}", ["$: lacks id"]), ("[]", ["$: is array, not object"]),
      (#"{"id":1}"#, ["$.id: is integer, not string"]), (#"{"id":"x","more":1}"#, ["$.more: not allowed"]),
      (#"{"id":"x","version":2}"#, ["$.version: is not the constant"]),
      (#"{"id":"x","size":1.5}"#, ["$.size: is number, not integer"]),
      (#"{"id":"x","size":-1}"#, ["$.size: is below 0.0"]),
      (#"{"id":"x","size":true}"#, ["$.size: is boolean, not integer"]),
      (#"{"id":"x","note":[]}"#, ["$.note: is array, not string or null"]),
      (#"{"id":"x","parts":[{"n":1},{}]}"#, ["$.parts[1]: lacks n"]),
      (#"{"id":"x","next":{}}"#, ["$.next: fits no alternative"]),
      (#"{"id":"x","map":{"a":"1"}}"#, ["$.map.a: is string, not number"]),
    ] as [(String, [String])])
  func `a document is held against every rule`(document: String, violations: [String]) throws {
    #expect(try JSONSchema(schema).violations(in: document) == violations)
  }

  @Test(arguments: [
    (#"{"patern":"x"}"#, "$: the schema uses patern, which this checker does not know"),
    (#"{"type":"text"}"#, "$: the schema names no type: string(\"text\")"),
    (##"{"$ref":"#/$defs/none"}"##, "$: the schema refers to something unknown: string(\"#/$defs/none\")"),
    ("[]", "$: the schema is neither object nor boolean"),
  ])
  func `a schema that is not understood accepts nothing`(schema: String, violation: String) throws {
    #expect(try JSONSchema(schema).violations(in: "{}") == [violation])
  }

  @Test func `what is no JSON is no document`() throws {
    #expect(throws: (any Error).self) { try JSONSchema(schema).violations(in: "{") }
  }
}
