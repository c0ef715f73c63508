CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b REAL, c TEXT);
WITH RECURSIVE n(i, x) AS (SELECT 1, 42 UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM n WHERE i < 20000)
INSERT INTO t SELECT i, x % 1000, x / 7919.0, printf('%08x', x) FROM n;
CREATE INDEX by_a ON t(a);
CREATE INDEX by_c ON t(c);
SELECT count(*), sum(a), total(b), min(c), max(c), avg(b) FROM t;
SELECT a, count(*), sum(b) FROM t GROUP BY a ORDER BY count(*) DESC, a LIMIT 10;
SELECT count(*), sum(x.b * y.b) FROM t x JOIN t y ON x.a = y.a AND x.id < y.id AND y.id < x.id + 3000;
SELECT id, b, rank() OVER (ORDER BY b), sum(b) OVER (ORDER BY id ROWS 5 PRECEDING) FROM t ORDER BY id LIMIT 5;
SELECT count(*) FROM t WHERE c LIKE '%a1%' OR c GLOB '*0[0-9]f*';
UPDATE t SET b = round(b * 1.1, 3) WHERE a BETWEEN 100 AND 200;
DELETE FROM t WHERE id % 7 = 0;
SELECT count(*), total(b), group_concat(c, '') LIKE '%00%' FROM t;
SELECT json_extract('{"x":[1,2.5,{"y":"z"}]}', '$.x[2].y'), abs(-3.25e10), 7 / 2, 7 % -3, 9223372036854775807 + 1, 1e308 * 10;
SELECT sin(1), exp(1), pow(2, 0.5), ln(10), pi();
PRAGMA integrity_check;
VACUUM;
SELECT count(*), sum(length(c)) FROM t;
