//! The words that company names are made of.

/// First characters of a company's own name.
pub(super) const FIRST: [&str; 40] = [
    "华", "恒", "瑞", "中", "金", "天", "东", "博", "宏", "盛", "新", "远", "嘉", "泰", "永", "安",
    "凯", "科", "德", "联", "海", "龙", "信", "兴", "康", "力", "明", "正", "江", "云", "北", "南",
    "汇", "达", "诚", "鼎", "锦", "润", "凌", "宇",
];

/// Second characters of a company's own name.
pub(super) const SECOND: [&str; 40] = [
    "源", "泰", "丰", "达", "晟", "辰", "洋", "诚", "业", "和", "通", "润", "鑫", "腾", "邦", "利",
    "阳", "创", "成", "越", "川", "峰", "航", "隆", "昌", "裕", "威", "森", "捷", "朗", "奥", "升",
    "益", "强", "宁", "卓", "景", "顺", "吉", "凡",
];

/// How company names end, the common ones more often.
pub(super) const ENDINGS: [(&str, f64); 4] = [
    ("有限公司", 0.72),
    ("股份有限公司", 0.14),
    ("集团有限公司", 0.06),
    ("有限责任公司", 0.08),
];

/// Sizes with their shares and what they mean for the amount of a deal.
pub(super) const SIZES: [((&str, f64), f64); 4] = [
    (("50人以下", 0.7), 0.3),
    (("50-200人", 0.9), 0.36),
    (("200-1000人", 1.15), 0.24),
    (("1000人以上", 1.5), 0.1),
];
