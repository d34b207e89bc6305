//! Whether an account works: WeChat gives it a token, which shows that appid, secret and whitelist are right, and is asked
//! what the account may do. Nothing is made there.

use super::Wechat;
use super::api::{Api, Trouble};
use super::errors::NOT_ALLOWED;
use super::settings::{Mode, Settings};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::Seen;
use crate::domain::tested::{Checked, Tested};
use crate::platforms::platform::TestCall;
use serde_json::{Value, json};

pub(super) async fn test(wechat: Wechat, call: TestCall) -> Tested {
    asked(&wechat, &call).await.unwrap_or_else(tested)
}

async fn asked(wechat: &Wechat, call: &TestCall) -> Result<Tested, Seen> {
    let settings = Settings::kept(&call.destination.settings)?;
    let api = Api::of_test(call, &settings, &wechat.outbound)?;
    api.only_token().await.map_err(|why| api.seen(why))?;
    let counted = api.get("draft/count").await.map_err(|why| api.seen(why))?;
    let drafts = counted.get("total_count").and_then(Value::as_u64).unwrap_or(0);
    let listed = json!({ "offset": 0, "count": 1, "no_content": 1 });
    let may_publish = match api.post("freepublish/batchget", &listed).await {
        Ok(_) => true,
        // What it cannot do matters to those alone who want it.
        Err(Trouble::Refused(refusal)) if refusal.code == NOT_ALLOWED && settings.mode == Mode::Draft => {
            false
        }
        Err(trouble) => return Err(api.seen(trouble)),
    };
    Ok(Tested::Fine { checked: Checked::WeChat { drafts, may_publish }, warning: None })
}

/// Whether anything left matters to nobody here.
fn tested(seen: Seen) -> Tested {
    match seen {
        Seen::AccountBroken { problem, until } => Tested::AccountBroken { problem, until },
        Seen::NothingLeft(problem)
        | Seen::AcceptedUnread(problem)
        | Seen::Refused(problem)
        | Seen::WrongAddress(problem)
        | Seen::AskedToWait { problem, .. }
        | Seen::ServerFault { problem, .. }
        | Seen::EndUnseen { problem, .. }
        | Seen::StepFailed { problem, .. }
        | Seen::Broke { problem, .. }
        | Seen::NotKept { problem, .. }
        | Seen::NotRepeated(problem) => Tested::PlatformFailed(problem),
        Seen::Accepted(_) | Seen::Submitted { .. } | Seen::NotSent => {
            Tested::failed("no_answer", KeptMessage::NoAnswerSeen { seen: format!("{seen:?}") })
        }
    }
}
