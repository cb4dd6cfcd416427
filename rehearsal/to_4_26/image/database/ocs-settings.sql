-- The console writes its version by itself, the schema files don't. 7045 is console 2.9, the last
-- one whose memories.CAPACITY is text.
INSERT INTO config (NAME, IVALUE, TVALUE, COMMENTS)
VALUES ('GUI_VERSION', 0, '7045', 'Version of the installed console')
ON DUPLICATE KEY UPDATE TVALUE = '7045';
