# 以英文保存、用中文告诉读者的话。英文在 domain/kept 的模板中（见 words/errors/kept.rs）。

kept-maybe-out = { $said }（之前的尝试可能已经发布）
kept-last-attempt = { $said }；最近一次尝试：{ $error }
kept-waits-for-account = { $said }（并非最终结果：条目会等到账号改正并恢复）
kept-final-unless-not-alone = { $said }（最终结果，除非下一个条目也这样：那就是账号的地址有误，两个条目都会等到它改正）
kept-then-resume = { $said }；然后请恢复账号

kept-wanted-again = 有人要求重试
kept-wanted-now = 有人要求现在发布
kept-not-out-try-again = 有人说明它没有发出：重试
kept-not-out = 有人说明它没有发出

kept-moved-from = 有人将它从时段 { $from } 移到时段 { $to }
kept-moved = 有人将它移到时段 { $to }
kept-look-first = 数据库是恢复的副本；请先查看其中哪些已经发出
kept-from-a-copy = 数据库是恢复的副本：它在副本制作之后到期，可能已经发出
kept-node-stopped = 节点在平台响应之前停止
kept-node-lost = 节点 { $node } 在此次尝试结束之前就已终止
kept-recovered-too-often = 有 { $count } 个节点在发布它时终止：它可能已经发出，也可能正是它使节点终止。请查看是否已发出，然后说明结果
kept-panicked = 平台的代码崩溃：{ $panic }
kept-cancelled = 平台的代码被取消
kept-no-end = { $seconds } 秒内没有结束
kept-lost = 尝试没有任何说明就结束了：它的任务或线程已崩溃
kept-hung = 平台的代码没有按时结束，并一直占用其线程
kept-not-recorded = 无法记录此次尝试的结果；详见程序日志
kept-possible-duplicate = 它在租约失效之后发布，而此前已经重试：请查看是否发布了两次

kept-looked-up-once = 已查询，那里没有；将再查询一次
kept-looked-up-twice = 查询了两次，那里都没有：将重新发送
kept-looked-up-no-try-left = 查询了两次，那里都没有；重试次数已用完
kept-submitted-too-long = 平台已接收，但在 { $hours } 小时内没有完成。请查看是否已发出，然后说明结果
kept-no-look-up = { $platform } 不能查询已发布的内容
kept-no-asking = { $platform } 不能说明进展

kept-missed-slot = 在其时段 { $slot } 之后的 { $seconds } 秒内没有发出，现已移到该账号的下一个空闲时段：{ $next }
kept-too-late = 应于 { $wanted } 发布，到 { $late } 仍未发出
kept-too-late-because = 应于 { $wanted } 发布，到 { $late } 仍未发出：{ $why }
kept-not-approved = 其内容未获批准
kept-no-run = 没有任何执行处理它，因为还没有轮到它，或者没有已启用的任务发布到期的内容
kept-gave-up = 其平台自 { $since } 起没有响应，而其账号等待 { $seconds } 秒后放弃

kept-step-not-kept = 步骤 { $step } 的结果未能保存：{ $why }
kept-step-not-begun = 步骤 { $step } 没有开始，因为无法记录其开始：{ $why }
kept-step-not-withdrawn = 步骤 { $step } 没有发生，但这一点未能保存：{ $why }
kept-claim-lost = 已失去对该条目的占用

kept-secret-useless = 账号的密钥无法用于签名
kept-secret-useless-another = 账号的密钥无法用于签名：请换一个
kept-settings-unreadable = 无法读取账号的设置：{ $why }
kept-not-json = 无法将内容写成 JSON：{ $why }
kept-not-written = 无法写入内容：{ $why }
kept-folder-unwritable = 无法写入 { $folder }：{ $why }。请检查其所有者、权限和磁盘空间
kept-untestable = 不发布就无法测试 { $platform }
kept-too-many-tests = 正在进行的测试太多；请过一分钟再试
kept-no-thread = 没有线程可用于测试：{ $why }

kept-answered = 接收端的回应为 { $status }：{ $meaning }
kept-answered-options = 接收端对 OPTIONS 的回应为 { $status }：{ $meaning }
kept-meaning-too-many = 请求太多
kept-meaning-asks-to-wait = 它要求等待
kept-meaning-nobody-behind = 其后没有人响应
kept-meaning-failed-there = 它那边出错
kept-meaning-no-answer = 这不是对发布的回应
kept-meaning-signature = 它不接受我们的签名
kept-meaning-wants-no-more = 它不再接收内容
kept-meaning-nobody-there = 此地址不接收内容；请检查账号的 url
kept-meaning-too-many-later = 请求太多；请稍后再试
kept-meaning-check-secret = 如果发布时也这样，请检查账号的密钥
kept-meaning-check-url = 如果发布时也这样，请检查账号的 url
kept-meaning-may-want-no-more = 如果发布时也这样，它就是不再接收内容
kept-meaning-redirect = 不会跟随重定向；请检查账号的 url
kept-meaning-no-options-answer = 这不是回应
kept-meaning-broken-there = 那里出错了
kept-refused = 接收端拒绝了内容：{ $status }
kept-refused-saying = 接收端拒绝了内容：{ $status }：{ $said }
kept-no-free-connection = { $seconds } 秒内没有空闲的连接
kept-no-connection-within = { $seconds } 秒内没有连上
kept-no-tls-within = { $seconds } 秒内没有建立 TLS 连接
kept-nothing-sent-within = { $seconds } 秒内未能发送任何内容
kept-no-answer-within = { $seconds } 秒内没有响应
kept-closed-early = 接收端在响应之前关闭了连接
kept-lost-in-answer = 接收响应时连接断开：{ $why }
kept-no-http = 响应不是 HTTP：{ $why }
kept-lost-before-answer = 收到响应之前连接断开：{ $why }
kept-no-tls = 无法与接收端建立 TLS：{ $why }
kept-address-useless = 无法使用该地址：{ $why }
kept-nothing-sent = 未能发送任何内容：{ $why }
kept-name-not-found = 找不到该主机名：{ $why }
kept-name-without-address = 该主机名没有地址
kept-connection-refused = 连接被拒绝
kept-no-connection = 没有连接：{ $why }
kept-no-answer = 没有响应（{ $seen }）
kept-uncallable = 无法访问“{ $url }”

kept-paused = 已暂停：发布自 { $since } 起被 { $by } 暂停
kept-paused-because = 已暂停：发布自 { $since } 起被 { $by } 暂停：{ $reason }
kept-disabled = 账号已停用
kept-suspended = 账号已暂停：{ $reason }
kept-suspended-until = 账号暂停至 { $until }：{ $reason }
kept-other-key = 其凭据是用另一个密钥加密的
kept-down = 平台自 { $since } 起没有响应，正在逐个试探；下一次尝试在 { $until }
kept-tried = 平台自 { $since } 起没有响应，正在逐个试探
kept-asked-to-wait = 平台要求等到 { $until }
kept-window = 不在账号的时间窗口内，直到 { $until }
kept-window-never = 不在账号的时间窗口内，而这些窗口永远不会打开
kept-daily-cap = 已达到账号的每日上限 { $cap }，直到 { $until }
kept-spacing = 账号的发布间隔为 { $seconds } 秒，直到 { $until }

kept-unknown-type = 本程序没有“{ $name }”这种任务
kept-params-unreadable = 无法读取其参数：{ $why }
kept-work-broke = 其工作出错（{ $panic }）；详见日志
kept-end-unreadable = 结束时间（params.until）：{ $why }
kept-end-has-come = 已到其结束时间 { $until }
kept-each-put-back = 每篇内容都已在每个账号上放回 { $times } 次

waiting-shut = { $what }（{ $shut }）
waiting-look-up = 将于 { $at } 查询之前的尝试是否已经发布
waiting-second-look-up = 将于 { $at } 再次查询之前的尝试是否已经发布；第一次没有找到
waiting-answer = 平台已于 { $since } 接收并正在处理；将于 { $at } 询问
waiting-right-key = 正确的密钥：其账号的凭据是用另一个密钥加密的
waiting-approval = 其内容获得批准
waiting-end-of-pause = 暂停结束：所有发布都已暂停，直到有人恢复
waiting-next-attempt = 下一次尝试，{ $at }
waiting-slot-after-missed = 其时段，{ $at }；它错过了 { $missed } 的时段
waiting-slot = 其时段，{ $at }
waiting-time = 其时间，{ $at }
waiting-place = 通道中的位置：{ $places } 个中有 { $busy } 个正在发送
waiting-run = 执行：还没有轮到它，或者没有已启用的任务发布到期的内容

kept-picture-not-fetched = 无法获取图片“{ $picture }”：{ $said }
kept-pictures-not-at-hand = 图片不可用：{ $why }
fetch-no-web-address = 它不是网址
fetch-status = 对方回应 { $status }
fetch-redirects = 从一个地址转到另一个地址，超过 { $most } 次
fetch-too-large = 超过 { $most } 字节
fetch-broke-off = 中途断开
fetch-too-slow = 用时超过 { $seconds } 秒
