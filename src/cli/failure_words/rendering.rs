//! In Chinese, what an article lacks of its text, and what is wrong with a style sheet.

use crate::render::wechat::{CSS_MAX_BYTES, CssFault, CssLeftOut, Warning};
use crate::words::Sentence;
use crate::words::errors::{InChinese, chinese};

impl InChinese for Warning {
    fn in_chinese(&self) -> Sentence {
        match self {
            Warning::Maths { formulas } => chinese("render-maths").with("formulas", formulas.to_string()),
            Warning::LinkLeftOut { address } => chinese("render-link").with("address", address.as_str()),
            Warning::ImageLeftOut { picture } => chinese("render-image").with("picture", picture.as_str()),
            Warning::HtmlLeftOut { tag } => chinese("render-html").with("tag", tag.as_str()),
        }
    }
}

impl InChinese for CssLeftOut {
    fn in_chinese(&self) -> Sentence {
        match self {
            CssLeftOut::Selector(written) => chinese("css-selector").with("written", written.as_str()),
            CssLeftOut::Declaration(written) => chinese("css-declaration").with("written", written.as_str()),
            CssLeftOut::AtRule(written) => chinese("css-at-rule").with("written", written.as_str()),
        }
    }
}

impl InChinese for CssFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            CssFault::TooLarge { has } => {
                chinese("css-too-large").with("has", has.to_string()).with("most", CSS_MAX_BYTES.to_string())
            }
            CssFault::NotClosed { line } => chinese("css-not-closed").with("line", line.to_string()),
        }
    }
}
