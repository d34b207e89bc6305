# ContentHub 的中文消息。每个 id 在 en.ftl 中也有，变量相同；如何添加见 mod.rs。

## 用文字描述的计划 (words/schedule.rs)

schedule-on-due = 有条目到期时立即运行
