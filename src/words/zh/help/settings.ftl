# 每个命令都有的设置。

help--config = 配置文件（默认：contenthub.toml，如果存在）
help--data-dir = 数据库、密钥、媒体、网站和备份所在的目录 [默认：data]
help--database-url = postgres://USER@HOST/NAME，或一个 SQLite 文件 [默认：<data-dir>/contenthub.db]
help--listen = HTTP 服务器的地址 [默认：127.0.0.1:8080]
help--concurrency = 同时发送的尝试数，1 至 1024 [默认：64]
help--timezone = 没有写时区偏移的时间所在的时区 [默认：UTC]
help--lease-seconds = 取得的条目在不续租时保留多久，2 至 3600 秒；任何一次尝试都不会更久 [默认：60]
help--review-required = 内容发布前是否需要批准 [默认：false]
help--grace-seconds = 服务器停止时，等待发送中的内容多久，0 至 600 秒 [默认：20]
help--submitted-max-hours = 平台可以处理已接收的内容多久，之后再询问人，1 至 720 小时 [默认：24]
help--platform-pause-seconds = 平台失败之后多久不再尝试，1 至 300 秒；对停机的平台，试探的间隔最多延长到十倍 [默认：30]
help--body-max-bytes = HTTP 服务器接受的最大请求，以字节计，最多 1 GiB [默认：8388608]
help--outbound-allow = 除公共互联网之外还可以发布到哪里：地址、网络和主机名，用逗号分隔 [默认：本机，如果 --listen 是本机地址]
help--wrong-tokens-per-minute = 一个地址每分钟可以发送多少个错误的令牌，超出后须等待，1 至 1000000 [默认：10]

help--tls-cert = HTTPS 的证书链，PEM 格式；收到 SIGHUP 时重新读取
help--tls-key = 证书的私钥，PEM 格式
help--behind-proxy = 前面的代理把客户端地址写入此标头，且别人无法直接访问：X-Forwarded-For、Forwarded、X-Real-IP 等
help--public-url = 客户端访问我们的地址；对其他主机的请求会被拒绝
help--cors-origins = 哪些网站的脚本可以在浏览器中使用 API，用逗号分隔 [默认：无]
help--head-max-seconds = 客户端发送请求头可以用多久，1 至 600 秒 [默认：10]
help--head-max-bytes = 请求头的最大长度，以字节计，512 至 65536 [默认：16384]
help--head-max-fields = 请求头最多有多少个字段，8 至 90 [默认：64]
help--body-max-seconds = 客户端发送请求体可以用多久，1 至 3600 秒 [默认：60]
help--json-depth-max = 请求中 JSON 的最大嵌套层数，4 至 120 [默认：64]
help--json-values-max = 请求中 JSON 的最多值数，100 至 10000000 [默认：200000]
help--answer-stall-seconds = 客户端可以多久不接收回应，1 至 3600 秒 [默认：30]
help--keep-alive-seconds = 空闲的连接为下一个请求保留多久，1 至 3600 秒 [默认：75]
help--connections-max = 同时的连接数，1 至 1000000 [默认：16000]
help--requests-per-minute = 一个令牌每分钟的请求数，可以集中也可以分散，1 至 1000000；0：不限 [默认：0]
