DROP TABLE extra_contents;
