DROP TABLE media_uploads;
DROP TABLE content_media;
DROP TABLE media;
