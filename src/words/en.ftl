# What ContentHub says, in English. Each id is in zh.ftl too, with the same variables; mod.rs says how to add one.

## Lists

list-next = { $first }, { $rest }
list-and-last = { $first } and { $rest }
list-or-last = { $first } or { $rest }
list-span = { $from } to { $to }

## Days and months

weekday-name =
    { $day ->
        [0] Sunday
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
       *[6] Saturday
    }
each-weekday =
    { $day ->
        [0] Sundays
        [1] Mondays
        [2] Tuesdays
        [3] Wednesdays
        [4] Thursdays
        [5] Fridays
       *[6] Saturdays
    }
month-name =
    { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
day-ordinal =
    { $day ->
        [1] 1st
        [2] 2nd
        [3] 3rd
        [21] 21st
        [22] 22nd
        [23] 23rd
        [31] 31st
       *[other] { $day }th
    }
last-day = last day
last-workday = last weekday
nearest-workday = weekday nearest to the { $day }
nth-weekday =
    { $nth ->
        [1] first { $day }
        [2] second { $day }
        [3] third { $day }
        [4] fourth { $day }
       *[5] fifth { $day }
    }
last-weekday = last { $day }

## Schedules in plain words (words/schedule.rs)

schedule-on-due = whenever an entry is due
schedule-once = once, on { $date } at { $time } ({ $zone })
schedule-every-seconds =
    { $count ->
        [1] every second
       *[other] every { $count } seconds
    }
schedule-every-minutes =
    { $count ->
        [1] every minute
       *[other] every { $count } minutes
    }
schedule-every-hours =
    { $count ->
        [1] every hour
       *[other] every { $count } hours
    }
schedule-every-days = every { $count } days

schedule-in-zone = { $said } ({ $zone })
schedule-days-first = { $days } { $times }
schedule-times-first = { $times } { $days }

schedule-at-times = at { $times }
schedule-on-the-hour = every hour, on the hour
schedule-every-hour-at =
    { $count ->
        [1] every hour at minute { $minutes }
       *[other] every hour at minutes { $minutes }
    }
schedule-every-hours-from =
    { $count ->
        [1] every hour from { $from }
       *[other] every { $count } hours from { $from }
    }
schedule-every-hours-between =
    { $count ->
        [1] every hour from { $from } to { $to }
       *[other] every { $count } hours from { $from } to { $to }
    }
schedule-every-minutes-between =
    { $count ->
        [1] every minute from { $from } to { $to }
       *[other] every { $count } minutes from { $from } to { $to }
    }
schedule-when-the-clock-shows = whenever the clock shows { $fields }
schedule-every-minute-while = every minute while the clock shows { $fields }
schedule-every-second-while = every second while the clock shows { $fields }
schedule-field-next = { $first } and { $rest }
schedule-field-hour = hour { $values }
schedule-field-minute = minute { $values }
schedule-field-second = second { $values }

schedule-every-day = every day
schedule-every-day-in-months = every day in { $months }
schedule-in-months = in { $months }
schedule-of-the-month = of the month
schedule-of-months =
    { $count ->
        [1] of { $months }
       *[other] of { $months }
    }
schedule-on-month-days = on the { $days } { $of }
schedule-every-nth-day =
    { $step ->
        [2] on every other day { $of } from the 1st
        [3] on every 3rd day { $of } from the 1st
        [22] on every 22nd day { $of } from the 1st
        [23] on every 23rd day { $of } from the 1st
        [21] on every 21st day { $of } from the 1st
       *[other] on every { $step }th day { $of } from the 1st
    }
schedule-on-weekdays = on { $days }
schedule-on-workdays = on weekdays
schedule-on-weekends = on Saturdays and Sundays
schedule-from-to-weekday = from { $from } to { $to }
schedule-weekdays-in-months = { $days } in { $months }
schedule-on-placed-weekdays = on the { $days } { $of }
schedule-either-day = { $days } or { $weekdays }
schedule-both-days = { $days }, but only { $weekdays }
