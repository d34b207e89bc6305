# contenthub account。

help-account-list = 列出账号，每次一页
help-account-list--name = 名称的一部分
help-account-list--platform = 仅限此平台的
help-account-list--enabled = 仅限已启用的（true），或未启用的（false）
help-account-create = 创建账号；在终端上不带参数时会逐项询问
help-account-create--platform = webhook（设置 url、deduplicates、timeout_seconds；凭据 secret=whsec_… 为每篇内容签名）、folder（设置 site），或 wechat（设置 appid、mode 等；凭据 app_secret）
help-account-create--settings = NAME=VALUE；可多次给出
help-account-create--credentials = NAME=@FILE，NAME=- 表示标准输入，或 NAME=VALUE（本机其他用户看得到）；加密保存
help-account-create--zone = 其时间所在的时区
help-account-create--at-once = 可以同时发送的尝试数，1 至 1024
help-account-create--on-unknown = 在无法查询的平台上，没有人看到结果的尝试怎么办：询问人（ask），或重试（retry）
help-account-create--on-similar = 文字与 30 天内在其上发布过的、或正在等待的一篇相同时：接受并警告（warn），或拒绝（refuse）
help-account-show = 显示一个账号（名称或编号）
help-account-update = 更改账号；设置与已有的合并，凭据整体替换
help-account-update--credentials = 替换所有凭据；写法与 create 相同
help-account--windows = 仅在其时区的这些时间发布：08:00-23:00、"mon-fri 08:00-23:00" 或 "sat,sun 22:00-02:00"（跨午夜）；可多次给出，替换原有的；none：任何时间
help-account--spacing-seconds = 两篇之间至少间隔多久，例如 900 为一刻钟，逐篇发布；none：不间隔
help-account--daily-cap = 按其时区每天最多发布多少篇，1 至 1000000；none：不限
help-account--give-up-after-seconds = 平台停机这么久之后，内容失败 [默认：86400，即一天]
help-account--late-after-seconds = 迟于这么久的内容失败而不再发布，例如新闻可用 3600；none：仍然迟发
help-account--slots = 发布时段，即其时区中各发布一篇的时间：09:00、"mon-fri 09:00,18:00" 或 "sat,sun 10:30"；可多次给出，替换原有的；none：没有时段
help-account--missed-slot = 时段开始后五分钟内没有发送的内容，是迟发（late），还是排到下一个空闲时段（next）[默认：late]
help-account-test = 测试账号是否可用，不发布任何内容：不可用时退出码为 1
    .long = 对 webhook，用 OPTIONS 询问其接收端是否在线；对文件夹，则写入试试；对微信，则获取 access_token，并询问账号的权限。账号已停用或已暂停时也可以测试，不会改变它。
help-account-slots = 显示账号接下来的发布时段，以及其中的内容
help-account-slots--count = 多少个，1 至 200
help-account-slots--from = 从此时起（默认：现在）
help-account-suspend = 暂停在一个账号上发布
help-account-suspend--until = 到此时自行恢复
help-account-resume = 恢复在其上发布
help-account-delete = 移除没有未结束条目的账号；其余条目一并移除，发布日志保留
