DROP TABLE pool_counts;
