# Tables, joins, windows, text and JSON of a database on a file.
rm -f /tmp/check.db
sqlite3 /tmp/check.db < /checks/queries.sql
