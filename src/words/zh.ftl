# ContentHub 的中文消息。每个 id 在 en.ftl 中也有，变量相同；如何添加见 mod.rs。

## 列表

list-next = { $first }、{ $rest }
list-and-last = { $first }、{ $rest }
list-or-last = { $first }或{ $rest }
list-span = { $from }至{ $to }

## 日与月

weekday-name =
    { $day ->
        [0] 周日
        [1] 周一
        [2] 周二
        [3] 周三
        [4] 周四
        [5] 周五
       *[6] 周六
    }
each-weekday =
    { $day ->
        [0] 周日
        [1] 周一
        [2] 周二
        [3] 周三
        [4] 周四
        [5] 周五
       *[6] 周六
    }
month-name = { $month }月
day-ordinal = { $day }日
last-day = 最后一天
last-workday = 最后一个工作日（周一至周五）
nearest-workday = 离{ $day }最近的工作日（周一至周五）
nth-weekday =
    { $nth ->
        [1] 第一个{ $day }
        [2] 第二个{ $day }
        [3] 第三个{ $day }
        [4] 第四个{ $day }
       *[5] 第五个{ $day }
    }
last-weekday = 最后一个{ $day }

## 用文字描述的计划 (words/schedule.rs)

schedule-on-due = 有条目到期时
schedule-once = 仅一次，{ $date } { $time }（{ $zone }）
schedule-every-seconds =
    { $count ->
        [1] 每秒
       *[other] 每{ $count }秒
    }
schedule-every-minutes =
    { $count ->
        [1] 每分钟
       *[other] 每{ $count }分钟
    }
schedule-every-hours =
    { $count ->
        [1] 每小时
       *[other] 每{ $count }小时
    }
schedule-every-days = 每{ $count }天

schedule-in-zone = { $said }（{ $zone }）
schedule-days-first = { $days } { $times }
schedule-times-first = { $days } { $times }

schedule-at-times = { $times }
schedule-on-the-hour = 每小时整点
schedule-every-hour-at =
    { $count ->
        [1] 每小时的{ $minutes }分
       *[other] 每小时的{ $minutes }分
    }
schedule-every-hours-from =
    { $count ->
        [1] 从{ $from }起每小时
       *[other] 从{ $from }起每{ $count }小时
    }
schedule-every-hours-between =
    { $count ->
        [1] { $from }至{ $to }每小时
       *[other] { $from }至{ $to }每{ $count }小时
    }
schedule-every-minutes-between =
    { $count ->
        [1] { $from }至{ $to }每分钟
       *[other] { $from }至{ $to }每{ $count }分钟
    }
schedule-when-the-clock-shows = 当时钟显示{ $fields }时
schedule-every-minute-while = 当时钟显示{ $fields }期间每分钟
schedule-every-second-while = 当时钟显示{ $fields }期间每秒
schedule-field-next = { $first } { $rest }
schedule-field-hour = { $values }点
schedule-field-minute = { $values }分
schedule-field-second = { $values }秒

schedule-every-day = 每天
schedule-every-day-in-months = { $months }的每天
schedule-in-months = { $months }
schedule-of-the-month = 每月
schedule-of-months =
    { $count ->
        [1] { $months }
       *[other] { $months }各月
    }
schedule-on-month-days = { $of }{ $days }
schedule-every-nth-day =
    { $step ->
        [2] { $of }从1日起每隔一天
       *[other] { $of }从1日起每{ $step }天
    }
schedule-on-weekdays = 每{ $days }
schedule-on-workdays = 周一至周五
schedule-on-weekends = 周六、周日
schedule-from-to-weekday = { $from }至{ $to }
schedule-weekdays-in-months = { $months }的{ $days }
schedule-on-placed-weekdays = { $of }{ $days }
schedule-either-day = { $days }或{ $weekdays }
schedule-both-days = { $days }，且仅限{ $weekdays }
