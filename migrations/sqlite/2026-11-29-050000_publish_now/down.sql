DROP TABLE publish_demands;
