//! What is said, line by line: each was read, and is true.

use super::*;

fn said(expression: &str, language: Language) -> String {
    let written = Written {
        schedule_type: crate::domain::schedule::ScheduleType::Cron,
        interval_seconds: None,
        cron: Some(expression),
        run_at: None,
        timezone: "Asia/Shanghai",
        anchor: Timestamp::from_micros(0),
    };
    assert!(Schedule::read(written).is_ok(), "{expression}: {:?}", Schedule::read(written));
    of_written(written, language)
}

#[test]
fn every_expression_is_said_in_both_languages() {
    for (expression, en, zh) in SAID {
        assert_eq!(said(expression, Language::En), *en, "{expression}");
        assert_eq!(said(expression, Language::Zh), *zh, "{expression}");
    }
    assert!(SAID.len() >= 60);
}

#[test]
fn a_single_time_is_said_in_its_zone_as_exactly_as_it_was_given() {
    let at = |text: &str| crate::domain::time_input::parse(text, Tz::Asia__Shanghai).expect(text);
    for (text, en, zh) in [
        (
            "2026-12-01 09:00",
            "once, on 2026-12-01 at 09:00 (Asia/Shanghai)",
            "仅一次，2026-12-01 09:00（Asia/Shanghai）",
        ),
        (
            "2026-12-01 09:00:30.5",
            "once, on 2026-12-01 at 09:00:30.500 (Asia/Shanghai)",
            "仅一次，2026-12-01 09:00:30.500（Asia/Shanghai）",
        ),
    ] {
        let once = Schedule::Once { at: at(text) };
        assert_eq!(in_words(&once, Tz::Asia__Shanghai, Language::En), en);
        assert_eq!(in_words(&once, Tz::Asia__Shanghai, Language::Zh), zh);
    }
}

const SAID: &[(&str, &str, &str)] = &[
    ("* * * * *", "every minute", "每分钟"),
    ("*/5 * * * *", "every 5 minutes", "每5分钟"),
    ("*/1 * * * *", "every minute", "每分钟"),
    (
        "*/7 * * * *",
        "every hour at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 (Asia/Shanghai)",
        "每小时的0、7、14、21、28、35、42、49、56分（Asia/Shanghai）",
    ),
    ("*/45 * * * *", "every hour at minutes 0 and 45 (Asia/Shanghai)", "每小时的0、45分（Asia/Shanghai）"),
    ("0 * * * *", "every hour, on the hour (Asia/Shanghai)", "每小时整点（Asia/Shanghai）"),
    ("15 * * * *", "every hour at minute 15 (Asia/Shanghai)", "每小时的15分（Asia/Shanghai）"),
    ("0,30 * * * *", "every hour at minutes 0 and 30 (Asia/Shanghai)", "每小时的0、30分（Asia/Shanghai）"),
    ("10-20 * * * *", "every hour at minutes 10 to 20 (Asia/Shanghai)", "每小时的10至20分（Asia/Shanghai）"),
    ("0-59 * * * *", "every hour at minutes 0 to 59 (Asia/Shanghai)", "每小时的0至59分（Asia/Shanghai）"),
    (
        "5,10,40-45 * * * *",
        "every hour at minutes 5, 10 and 40 to 45 (Asia/Shanghai)",
        "每小时的5、10、40至45分（Asia/Shanghai）",
    ),
    ("0 */2 * * *", "every 2 hours from 00:00 (Asia/Shanghai)", "从00:00起每2小时（Asia/Shanghai）"),
    (
        "15 */3 * * *",
        "at 00:15, 03:15, 06:15, 09:15, 12:15, 15:15, 18:15 and 21:15 every day (Asia/Shanghai)",
        "每天 00:15、03:15、06:15、09:15、12:15、15:15、18:15、21:15（Asia/Shanghai）",
    ),
    (
        "0 */6 * * *",
        "at 00:00, 06:00, 12:00 and 18:00 every day (Asia/Shanghai)",
        "每天 00:00、06:00、12:00、18:00（Asia/Shanghai）",
    ),
    (
        "0 */5 * * *",
        "at 00:00, 05:00, 10:00, 15:00 and 20:00 every day (Asia/Shanghai)",
        "每天 00:00、05:00、10:00、15:00、20:00（Asia/Shanghai）",
    ),
    (
        "30 8-10 * * *",
        "at 08:30, 09:30 and 10:30 every day (Asia/Shanghai)",
        "每天 08:30、09:30、10:30（Asia/Shanghai）",
    ),
    ("0 9-17 * * *", "every hour from 09:00 to 17:00 (Asia/Shanghai)", "09:00至17:00每小时（Asia/Shanghai）"),
    (
        "0 8-20 * * 1-5",
        "every hour from 08:00 to 20:00 on weekdays (Asia/Shanghai)",
        "周一至周五 08:00至20:00每小时（Asia/Shanghai）",
    ),
    (
        "*/10 9-17 * * *",
        "every 10 minutes from 09:00 to 17:50 (Asia/Shanghai)",
        "09:00至17:50每10分钟（Asia/Shanghai）",
    ),
    (
        "* 9-17 * * *",
        "every minute from 09:00 to 17:59 (Asia/Shanghai)",
        "09:00至17:59每分钟（Asia/Shanghai）",
    ),
    (
        "*/15 22 * * *",
        "at 22:00, 22:15, 22:30 and 22:45 every day (Asia/Shanghai)",
        "每天 22:00、22:15、22:30、22:45（Asia/Shanghai）",
    ),
    ("* 3 * * *", "every minute from 03:00 to 03:59 (Asia/Shanghai)", "03:00至03:59每分钟（Asia/Shanghai）"),
    (
        "*/7 8-10 * * *",
        "whenever the clock shows hour 8 to 10 and minute 0, 7, 14, 21, 28, 35, 42, 49 or 56 (Asia/Shanghai)",
        "当时钟显示8至10点 0、7、14、21、28、35、42、49或56分时（Asia/Shanghai）",
    ),
    (
        "* 8-10,14 * * *",
        "every minute while the clock shows hour 8 to 10 or 14 (Asia/Shanghai)",
        "当时钟显示8至10或14点期间每分钟（Asia/Shanghai）",
    ),
    (
        "0 1,3,5,7,9,11,13,15,17 * * *",
        "whenever the clock shows hour 1, 3, 5, 7, 9, 11, 13, 15 or 17 and minute 0 (Asia/Shanghai)",
        "当时钟显示1、3、5、7、9、11、13、15或17点 0分时（Asia/Shanghai）",
    ),
    ("0 9 * * *", "at 09:00 every day (Asia/Shanghai)", "每天 09:00（Asia/Shanghai）"),
    ("0 9,18 * * *", "at 09:00 and 18:00 every day (Asia/Shanghai)", "每天 09:00、18:00（Asia/Shanghai）"),
    (
        "0 9,13,18 * * *",
        "at 09:00, 13:00 and 18:00 every day (Asia/Shanghai)",
        "每天 09:00、13:00、18:00（Asia/Shanghai）",
    ),
    ("0 9 * * 1-5", "at 09:00 on weekdays (Asia/Shanghai)", "周一至周五 09:00（Asia/Shanghai）"),
    ("0 9 * * MON-FRI", "at 09:00 on weekdays (Asia/Shanghai)", "周一至周五 09:00（Asia/Shanghai）"),
    (
        "0 9,18 * * 1-5",
        "at 09:00 and 18:00 on weekdays (Asia/Shanghai)",
        "周一至周五 09:00、18:00（Asia/Shanghai）",
    ),
    ("0 9 * * 0,6", "at 09:00 on Saturdays and Sundays (Asia/Shanghai)", "周六、周日 09:00（Asia/Shanghai）"),
    ("0 9 * * 1", "at 09:00 on Mondays (Asia/Shanghai)", "每周一 09:00（Asia/Shanghai）"),
    (
        "0 9 * * 1,3,5",
        "at 09:00 on Mondays, Wednesdays and Fridays (Asia/Shanghai)",
        "每周一、周三、周五 09:00（Asia/Shanghai）",
    ),
    ("0 9 * * 1-4", "at 09:00 from Monday to Thursday (Asia/Shanghai)", "周一至周四 09:00（Asia/Shanghai）"),
    (
        "0 9 * * fri-sun",
        "at 09:00 from Friday to Sunday (Asia/Shanghai)",
        "周五至周日 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 * * sun-tue",
        "at 09:00 on Mondays, Tuesdays and Sundays (Asia/Shanghai)",
        "每周一、周二、周日 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 * * */2",
        "at 09:00 on Tuesdays, Thursdays, Saturdays and Sundays (Asia/Shanghai)",
        "每周二、周四、周六、周日 09:00（Asia/Shanghai）",
    ),
    ("0 9 * * 0-7", "at 09:00 every day (Asia/Shanghai)", "每天 09:00（Asia/Shanghai）"),
    ("*/5 * * * 1-5", "every 5 minutes on weekdays (Asia/Shanghai)", "周一至周五 每5分钟（Asia/Shanghai）"),
    ("0 9 1 * *", "on the 1st of the month at 09:00 (Asia/Shanghai)", "每月1日 09:00（Asia/Shanghai）"),
    (
        "0 9 1,15 * *",
        "on the 1st and 15th of the month at 09:00 (Asia/Shanghai)",
        "每月1日、15日 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 1-7 * *",
        "on the 1st to 7th of the month at 09:00 (Asia/Shanghai)",
        "每月1日至7日 09:00（Asia/Shanghai）",
    ),
    ("0 9 1-31 * *", "every day at 09:00 (Asia/Shanghai)", "每天 09:00（Asia/Shanghai）"),
    (
        "0 9 */2 * *",
        "on every other day of the month from the 1st at 09:00 (Asia/Shanghai)",
        "每月从1日起每隔一天 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 */10 * *",
        "on every 10th day of the month from the 1st at 09:00 (Asia/Shanghai)",
        "每月从1日起每10天 09:00（Asia/Shanghai）",
    ),
    (
        "0 18 L * *",
        "on the last day of the month at 18:00 (Asia/Shanghai)",
        "每月最后一天 18:00（Asia/Shanghai）",
    ),
    (
        "0 18 LW * *",
        "on the last weekday of the month at 18:00 (Asia/Shanghai)",
        "每月最后一个工作日（周一至周五） 18:00（Asia/Shanghai）",
    ),
    (
        "0 18 15W * *",
        "on the weekday nearest to the 15th of the month at 18:00 (Asia/Shanghai)",
        "每月离15日最近的工作日（周一至周五） 18:00（Asia/Shanghai）",
    ),
    (
        "0 18 1,15,L * *",
        "on the 1st, 15th and last day of the month at 18:00 (Asia/Shanghai)",
        "每月1日、15日、最后一天 18:00（Asia/Shanghai）",
    ),
    ("0 9 1 1 *", "on the 1st of January at 09:00 (Asia/Shanghai)", "1月1日 09:00（Asia/Shanghai）"),
    (
        "0 9 1 1,7 *",
        "on the 1st of January and July at 09:00 (Asia/Shanghai)",
        "1月、7月各月1日 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 L 2 *",
        "on the last day of February at 09:00 (Asia/Shanghai)",
        "2月最后一天 09:00（Asia/Shanghai）",
    ),
    ("0 9 * 1 *", "at 09:00 every day in January (Asia/Shanghai)", "1月的每天 09:00（Asia/Shanghai）"),
    (
        "0 9 * 6-8 *",
        "at 09:00 every day in June to August (Asia/Shanghai)",
        "6月至8月的每天 09:00（Asia/Shanghai）",
    ),
    ("*/5 * * 12 *", "every 5 minutes in December (Asia/Shanghai)", "12月 每5分钟（Asia/Shanghai）"),
    (
        "*/5 * 24 12 *",
        "every 5 minutes on the 24th of December (Asia/Shanghai)",
        "12月24日 每5分钟（Asia/Shanghai）",
    ),
    ("0 9 * 1 1", "at 09:00 on Mondays in January (Asia/Shanghai)", "1月的每周一 09:00（Asia/Shanghai）"),
    (
        "0 9 * 3,6,9,12 1-5",
        "at 09:00 on weekdays in March, June, September and December (Asia/Shanghai)",
        "3月、6月、9月、12月的周一至周五 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 * * 5#2",
        "at 09:00 on the second Friday of the month (Asia/Shanghai)",
        "每月第二个周五 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 * * 5L",
        "at 09:00 on the last Friday of the month (Asia/Shanghai)",
        "每月最后一个周五 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 * 1 5L",
        "at 09:00 on the last Friday of January (Asia/Shanghai)",
        "1月最后一个周五 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 * * 1#1,1#3",
        "at 09:00 on the first Monday and third Monday of the month (Asia/Shanghai)",
        "每月第一个周一、第三个周一 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 * * 1,5L",
        "at 09:00 on Mondays and on the last Friday of the month (Asia/Shanghai)",
        "每周一、每月最后一个周五 09:00（Asia/Shanghai）",
    ),
    (
        "0 0 13 * 5",
        "at 00:00 on the 13th of the month or on Fridays (Asia/Shanghai)",
        "每月13日或每周五 00:00（Asia/Shanghai）",
    ),
    (
        "0 0 13 1 5",
        "at 00:00 on the 13th of January or on Fridays in January (Asia/Shanghai)",
        "1月13日或1月的每周五 00:00（Asia/Shanghai）",
    ),
    ("0 0 1-31 * 5", "at 00:00 every day (Asia/Shanghai)", "每天 00:00（Asia/Shanghai）"),
    (
        "0 0 */2 * 1",
        "at 00:00 on every other day of the month from the 1st, but only on Mondays (Asia/Shanghai)",
        "每月从1日起每隔一天，且仅限每周一 00:00（Asia/Shanghai）",
    ),
    (
        "0 0 1 * */2",
        "at 00:00 on the 1st of the month, but only on Tuesdays, Thursdays, Saturdays and Sundays (Asia/Shanghai)",
        "每月1日，且仅限每周二、周四、周六、周日 00:00（Asia/Shanghai）",
    ),
    (
        "0 0 */2 1 1#1",
        "at 00:00 on every other day of January from the 1st, but only on the first Monday of January (Asia/Shanghai)",
        "1月从1日起每隔一天，且仅限1月第一个周一 00:00（Asia/Shanghai）",
    ),
    ("30 0 9 * * *", "at 09:00:30 every day (Asia/Shanghai)", "每天 09:00:30（Asia/Shanghai）"),
    ("0 0 9 * * 1-5", "at 09:00 on weekdays (Asia/Shanghai)", "周一至周五 09:00（Asia/Shanghai）"),
    ("* * * * * *", "every second", "每秒"),
    ("*/10 * * * * *", "every 10 seconds", "每10秒"),
    ("0 */5 * * * *", "every 5 minutes", "每5分钟"),
    (
        "30 * * * * *",
        "whenever the clock shows second 30 (Asia/Shanghai)",
        "当时钟显示30秒时（Asia/Shanghai）",
    ),
    (
        "*/10 */5 9-17 * * *",
        "whenever the clock shows hour 9 to 17 and minute 0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50 or 55 and second 0, 10, 20, 30, 40 or 50 (Asia/Shanghai)",
        "当时钟显示9至17点 0、5、10、15、20、25、30、35、40、45、50或55分 0、10、20、30、40或50秒时（Asia/Shanghai）",
    ),
    (
        "* 30 2 * * *",
        "every second while the clock shows hour 2 and minute 30 (Asia/Shanghai)",
        "当时钟显示2点 30分期间每秒（Asia/Shanghai）",
    ),
    (
        "15,45 * 3 * * *",
        "whenever the clock shows hour 3 and second 15 or 45 (Asia/Shanghai)",
        "当时钟显示3点 15或45秒时（Asia/Shanghai）",
    ),
    (
        "* */5 * * * *",
        "every second while the clock shows minute 0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50 or 55 (Asia/Shanghai)",
        "当时钟显示0、5、10、15、20、25、30、35、40、45、50或55分期间每秒（Asia/Shanghai）",
    ),
    ("@hourly", "every hour, on the hour (Asia/Shanghai)", "每小时整点（Asia/Shanghai）"),
    ("@daily", "at 00:00 every day (Asia/Shanghai)", "每天 00:00（Asia/Shanghai）"),
    ("@weekly", "at 00:00 on Sundays (Asia/Shanghai)", "每周日 00:00（Asia/Shanghai）"),
    ("@monthly", "on the 1st of the month at 00:00 (Asia/Shanghai)", "每月1日 00:00（Asia/Shanghai）"),
    ("@yearly", "on the 1st of January at 00:00 (Asia/Shanghai)", "1月1日 00:00（Asia/Shanghai）"),
    (
        "0 9 */2 1,7 *",
        "on every other day of January and July from the 1st at 09:00 (Asia/Shanghai)",
        "1月、7月各月从1日起每隔一天 09:00（Asia/Shanghai）",
    ),
    (
        "0 9 L 1-3 *",
        "on the last day of January to March at 09:00 (Asia/Shanghai)",
        "1月至3月各月最后一天 09:00（Asia/Shanghai）",
    ),
];
