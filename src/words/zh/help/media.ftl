# contenthub media。

help-media = 内容所用的图片
help-media-add = 保存图片，并输出正文中引用它们的地址
    .long = 只接受 PNG、JPEG、GIF 和 WebP，以文件内容为准，每张至多 20 MiB、五千万像素。同一文件再次添加仍是同一张图片。正文以地址引用图片，例如 ![猫](media:9f86d081884c7d65)；封面也是如此。
help-media-add--files = 文件
help-media-list = 列出图片，新的在前
help-media-show = 显示一张图片的信息
help-media-delete = 移除没有内容在使用的图片
