//! The files of the demo and the mapping that says what is in them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A file of the demo: its entity, its columns as field and header, attributes likewise, and the
/// values that are written in words.
pub(super) struct Sheet {
    entity: &'static str,
    columns: &'static [(&'static str, &'static str)],
    attributes: &'static [(&'static str, &'static str)],
    values: Option<(&'static str, &'static [(&'static str, &'static str)])>,
}

const fn sheet(entity: &'static str, columns: &'static [(&'static str, &'static str)]) -> Sheet {
    Sheet {
        entity,
        columns,
        attributes: &[],
        values: None,
    }
}

/// The sheets in the order in which [`write`] takes their rows.
pub(super) const SHEETS: [Sheet; 13] = [
    Sheet {
        attributes: &[("province", "省份")],
        ..sheet(
            "account",
            &[
                ("id", "客户编号"),
                ("name", "客户名称"),
                ("parent", "上级客户"),
                ("region", "区域"),
                ("industry", "行业"),
                ("size", "规模"),
                ("segment", "客户类型"),
                ("source", "客户来源"),
                ("owner", "负责人"),
                ("status", "状态"),
                ("created_at", "创建时间"),
                ("tags", "标签"),
            ],
        )
    },
    sheet(
        "user",
        &[
            ("id", "工号"),
            ("name", "姓名"),
            ("team", "团队"),
            ("manager", "直属经理"),
            ("role", "岗位"),
            ("region", "区域"),
        ],
    ),
    Sheet {
        attributes: &[("material", "材质")],
        ..sheet(
            "product",
            &[
                ("id", "产品编号"),
                ("name", "产品名称"),
                ("series", "系列"),
                ("list_price", "目录价"),
            ],
        )
    },
    Sheet {
        values: Some((
            "outcome",
            &[
                ("进行中", "open"),
                ("赢单", "won"),
                ("输单", "lost"),
                ("搁置", "shelved"),
                ("无效", "invalid"),
                ("重复", "duplicate"),
            ],
        )),
        ..sheet(
            "opportunity",
            &[
                ("id", "商机编号"),
                ("account", "客户编号"),
                ("owner", "负责人"),
                ("product", "产品编号"),
                ("opened_at", "创建时间"),
                ("won_at", "赢单时间"),
                ("closed_at", "关闭时间"),
                ("recorded_at", "录入时间"),
                ("stage", "当前阶段"),
                ("outcome", "结果"),
                ("amount", "预计金额"),
                ("lost_amount", "输单金额"),
                ("competitor", "竞争对手"),
                ("lost_reason", "输单原因"),
                ("source", "商机来源"),
                ("expected_close_on", "预计成交日期"),
            ],
        )
    },
    sheet(
        "stage_change",
        &[
            ("opportunity", "商机编号"),
            ("stage", "阶段"),
            ("changed_at", "变更时间"),
            ("by", "操作人"),
            ("recorded_at", "录入时间"),
        ],
    ),
    Sheet {
        values: Some((
            "outcome",
            &[
                ("已发送", "sent"),
                ("已接受", "accepted"),
                ("部分接受", "partial"),
                ("已拒绝", "declined"),
                ("已过期", "expired"),
                ("已被替代", "superseded"),
                ("已撤回", "withdrawn"),
            ],
        )),
        ..sheet(
            "quote",
            &[
                ("id", "报价版本编号"),
                ("number", "报价单号"),
                ("version", "版本"),
                ("opportunity", "商机编号"),
                ("account", "客户编号"),
                ("sent_at", "发送时间"),
                ("valid_until", "有效期至"),
                ("decided_at", "答复时间"),
                ("outcome", "结果"),
                ("amount", "报价金额"),
                ("list_amount", "目录价金额"),
                ("accepted_amount", "接受金额"),
                ("margin", "毛利率"),
            ],
        )
    },
    sheet(
        "contract",
        &[
            ("id", "合同编号"),
            ("account", "客户编号"),
            ("opportunity", "商机编号"),
            ("effective_on", "生效日期"),
            ("expires_on", "到期日期"),
            ("renews", "续签自"),
            ("amount", "合同金额"),
            ("kind", "合同类型"),
        ],
    ),
    Sheet {
        values: Some((
            "kind",
            &[
                ("销售", "sale"),
                ("退货", "return"),
                ("折让", "credit"),
                ("取消", "cancel"),
            ],
        )),
        ..sheet(
            "order",
            &[
                ("account", "客户编号"),
                ("ordered_at", "下单时间"),
                ("amount", "金额"),
                ("quantity", "数量"),
                ("id", "订单编号"),
                ("product", "产品编号"),
                ("kind", "类型"),
                ("recorded_at", "录入时间"),
            ],
        )
    },
    sheet(
        "payment_plan",
        &[
            ("id", "回款计划编号"),
            ("account", "客户编号"),
            ("contract", "合同编号"),
            ("due_on", "应收日期"),
            ("amount", "应收金额"),
        ],
    ),
    sheet(
        "receipt",
        &[
            ("id", "回款编号"),
            ("account", "客户编号"),
            ("received_on", "到账日期"),
            ("amount", "到账金额"),
            ("plan", "回款计划编号"),
        ],
    ),
    sheet(
        "interaction",
        &[
            ("account", "客户编号"),
            ("at", "时间"),
            ("kind", "方式"),
            ("by", "跟进人"),
            ("two_way", "双向沟通"),
        ],
    ),
    sheet(
        "ticket",
        &[
            ("id", "工单编号"),
            ("account", "客户编号"),
            ("kind", "类型"),
            ("severity", "级别"),
            ("opened_at", "提交时间"),
            ("first_response_at", "首次响应时间"),
            ("resolved_at", "解决时间"),
            ("due_at", "处理时限"),
            ("satisfaction", "满意度"),
        ],
    ),
    sheet(
        "delivery",
        &[
            ("id", "发货单号"),
            ("order", "订单编号"),
            ("account", "客户编号"),
            ("promised_on", "承诺交期"),
            ("delivered_on", "实际交付日期"),
        ],
    ),
];

impl Sheet {
    fn file(&self) -> String {
        format!("{}.csv", self.entity)
    }

    /// Writes the rows, whose cells are the columns and then the attributes.
    fn write(&self, dir: &Path, rows: Vec<Vec<String>>) -> anyhow::Result<()> {
        let path = dir.join(self.file());
        let mut writer = csv::Writer::from_path(&path)
            .with_context(|| format!("cannot write the demo file {}", path.display()))?;
        let columns = self.columns.iter().chain(self.attributes);
        writer.write_record(columns.map(|(_, header)| header))?;
        let worded = self.values.and_then(|(field, values)| {
            let place = self.columns.iter().position(|(name, _)| *name == field)?;
            Some((place, values))
        });
        for mut row in rows {
            if let Some((place, values)) = worded
                && let Some((word, _)) = values.iter().find(|(_, code)| *code == row[place])
            {
                row[place] = (*word).to_string();
            }
            writer.write_record(&row)?;
        }
        writer
            .flush()
            .with_context(|| format!("cannot write the demo file {}", path.display()))
    }

    fn describe(&self, mapping: &mut String) -> std::fmt::Result {
        writeln!(mapping, "\n[[source]]\nfile = \"{}\"", self.file())?;
        writeln!(mapping, "entity = \"{}\"\n\n[source.columns]", self.entity)?;
        for (field, header) in self.columns {
            writeln!(mapping, "{field} = \"{header}\"")?;
        }
        if let Some((field, values)) = self.values {
            writeln!(mapping, "\n[source.values.{field}]")?;
            for (word, code) in values {
                writeln!(mapping, "\"{word}\" = \"{code}\"")?;
            }
        }
        if !self.attributes.is_empty() {
            writeln!(mapping, "\n[source.attributes]")?;
            for (name, header) in self.attributes {
                writeln!(mapping, "{name} = \"{header}\"")?;
            }
        }
        Ok(())
    }
}

/// Writes the files and their mapping; returns the mapping's path.
pub(super) fn write(dir: &Path, sheets: [Vec<Vec<String>>; 13]) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(dir)
        .with_context(|| format!("cannot create the demo folder {}", dir.display()))?;
    let mut text = String::from("system = \"demo\"\nzone = \"Asia/Shanghai\"\n");
    for (sheet, rows) in SHEETS.iter().zip(sheets) {
        sheet.write(dir, rows)?;
        sheet.describe(&mut text)?;
    }
    let mapping = dir.join("mapping.toml");
    fs::write(&mapping, text)
        .with_context(|| format!("cannot write the demo mapping {}", mapping.display()))?;
    Ok(mapping)
}

/// An amount in yuan, two decimals.
pub(super) fn yuan(fen: i64) -> String {
    format!(
        "{}{}.{:02}",
        if fen < 0 { "-" } else { "" },
        fen.abs() / 100,
        fen.abs() % 100
    )
}
