"""The rule set of a new authority: the order of 2021, with examples that must hold.

The authority's staff edit `rules.json` in its folder and raise "version".  The examples then stop a
mistyped rule from being published.
"""

DEFAULT_RULES = """\
{
 "version": 1,
 "rules": [
  {"id": "need", "categories": ["grocery", "pharmacy"], "admit": ["green", "blue", "yellow"]},
  {"id": "pcr-proof", "from": "2021-05-21", "categories": ["airport", "station"], "admit": ["green"]},
  {"id": "weekend", "from": "2021-09-27", "weekdays": ["sat", "sun"], "except": ["hotel"], "admit": ["green"]},
  {"id": "open", "admit": ["green", "blue"]}
 ],
 "examples": [
  {"at": "2021-05-22T10:00", "category": "airport", "status": "blue", "admit": false},
  {"at": "2021-05-22T10:00", "category": "airport", "status": "green", "admit": true},
  {"at": "2021-05-22T10:00", "category": "airport", "status": "red", "admit": false},
  {"at": "2021-05-20T23:59", "category": "airport", "status": "blue", "admit": true},
  {"at": "2021-05-20T23:59", "category": "airport", "status": "yellow", "admit": false},
  {"at": "2021-05-21T00:00", "category": "station", "status": "blue", "admit": false},
  {"at": "2021-05-21T00:00", "category": "station", "status": "green", "admit": true},
  {"at": "2021-10-02T12:00", "category": "grocery", "status": "yellow", "admit": true},
  {"at": "2021-10-02T12:00", "category": "pharmacy", "status": "yellow", "admit": true},
  {"at": "2021-10-02T12:00", "category": "grocery", "status": "blue", "admit": true},
  {"at": "2021-10-02T12:00", "category": "pharmacy", "status": "red", "admit": false},
  {"at": "2021-09-26T12:00", "category": "cafe", "status": "blue", "admit": true},
  {"at": "2021-10-02T00:00", "category": "cafe", "status": "blue", "admit": false},
  {"at": "2021-10-03T23:59", "category": "fitness", "status": "blue", "admit": false},
  {"at": "2021-10-02T12:00", "category": "fitness", "status": "green", "admit": true},
  {"at": "2021-10-02T12:00", "category": "hotel", "status": "blue", "admit": true},
  {"at": "2021-10-04T00:00", "category": "cafe", "status": "blue", "admit": true},
  {"at": "2021-10-04T12:00", "category": "fitness", "status": "blue", "admit": true},
  {"at": "2021-10-04T12:00", "category": "fitness", "status": "yellow", "admit": false},
  {"at": "2021-10-04T12:00", "category": "hotel", "status": "red", "admit": false}
 ]
}
"""
