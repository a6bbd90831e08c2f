# filled in with the schema compiler
