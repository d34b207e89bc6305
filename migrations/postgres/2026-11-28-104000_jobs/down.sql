DROP TABLE deleted_imports;
DROP TABLE recycled_contents;
