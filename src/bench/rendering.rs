//! `contenthub bench --render`: how long an article for WeChat takes that is as long as one may be.

use super::figures::{peak_rss_mb, percentile};
use super::{BenchError, Measured, Told};
use crate::domain::article_limits::WECHAT;
use crate::render::wechat::{ImageSource, Options};
use crate::render::wechat::{Images, OwnCss, Rendered, Theme, render};
use crate::words::message;
use serde_json::json;
use std::collections::HashMap;
use std::time::Instant;

/// How often each theme is rendered.
const ROUNDS: usize = 50;

/// A part of an article, with everything that an article may hold.
const PART: &str = "\
## 第 N 节：发布引擎为什么要把每一步都记下来

网络请求的结果有三种：成功、失败，以及**不知道**。许多系统把第三种当作失败处理，于是读者会看到同一篇文章两次。ContentHub\
把每一步都写进数据库，重启之后从记下的地方继续，而不是从头再来[^N]。这样做的代价是每次发布多几次提交，换来的是*不会重复*。

它支持~~两种~~三种数据库连接方式，配置见[手册](https://docs.example.com/guide/N)，源码中的`claim`函数值得一读：

```rust
/// 取出一个到期的条目。
pub fn claim(conn: &mut DbConnection, now: Timestamp) -> Result<Option<Entry>, DbError> {
    let due = entries.filter(due_at.le(now.micros())).order(priority.asc());
    due.first(conn).optional()
}
```

- 第一步：取得令牌，两小时内有效
- 第二步：上传封面和正文图片
  1. 大于 1 MB 的图片先缩小
  2. 已上传的不再上传
- 第三步：新建草稿，再提交发布

> “重要的不是快，而是每篇文章恰好出现一次。”——设计文档，第 N 章

| 步骤 | 接口 | 可否重复 |
|:-----|:----:|---------:|
| 令牌 | stable_token | 可以 |
| 封面 | add_material | 可以 |
| 发布 | freepublish/submit | **不可以** |

![流程图 N](images/flow-N.png \"图 N：一次发布的流程\")

[^N]: 这一点参考了 Oban 和 TigerBeetle 的做法。

";

/// What an account's own style sheet may be.
const CSS: &str =
    "h2 { color: #333; border-left: 4px solid #d33 } blockquote p { margin: 0 } .note { color: #999 }";

/// The longest article that WeChat takes, but for less than one part.
fn article() -> (String, Rendered) {
    let part = |number: usize| PART.replace('N', &number.to_string());
    let mut text = String::new();
    let mut rendered = render(&text, &Options::default());
    for number in 1.. {
        let longer = text.clone() + &part(number);
        let next = render(&longer, &Options::default());
        if next.characters > WECHAT.body_chars {
            break;
        }
        (text, rendered) = (longer, next);
    }
    text.push_str(&"字".repeat(WECHAT.body_chars - rendered.characters));
    let rendered = render(&text, &Options::default());
    (text, rendered)
}

/// Renders it again and again; one round includes all that a publication renders.
pub fn run(told: &mut Told<'_>) -> Result<Measured, BenchError> {
    let began = Instant::now();
    render("```rust\nfn main() {}\n```\n", &Options::default());
    let first_code_ms = began.elapsed().as_secs_f64() * 1000.0;
    let (text, once) = article();
    let uploaded: HashMap<ImageSource, String> =
        once.images.iter().map(|image| (image.clone(), format!("https://mmbiz.example/{image}"))).collect();
    let css = OwnCss::new(CSS).ok();
    let mut took_ms = Vec::new();
    let mut is_right = once.characters == WECHAT.body_chars && css.is_some();
    for (index, theme) in Theme::ALL.into_iter().enumerate() {
        told(message("bench-rendering"), index, Theme::ALL.len());
        let options =
            Options { theme, css: css.as_ref(), images: Images::Uploaded(&uploaded), ..Options::default() };
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let rendered = render(&text, &options);
            took_ms.push(began.elapsed().as_secs_f64() * 1000.0);
            is_right &= rendered.characters == once.characters && rendered.missing.is_empty();
        }
    }
    took_ms.sort_by(f64::total_cmp);
    let figures = json!({
        "characters": once.characters,
        "markdown_bytes": text.len(),
        "html_bytes": once.html.len(),
        "images": once.images.len(),
        "first_code_ms": first_code_ms,
        "render_p50_ms": percentile(&took_ms, 50.0),
        "render_p99_ms": percentile(&took_ms, 99.0),
        "render_max_ms": percentile(&took_ms, 100.0),
        "peak_rss_mb": peak_rss_mb(),
    });
    Ok(Measured { figures, is_right })
}
