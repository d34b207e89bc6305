# What ContentHub says, in English. Each id is in zh.ftl too, with the same variables; mod.rs says how to add one.

## Schedules in plain words (words/schedule.rs)

schedule-on-due = whenever an entry is due
