//! The default pipeline: six stages and the ends of a deal.

/// A stage of the pipeline, or an end of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// The code that records carry.
    pub code: &'static str,
    /// Its Chinese name.
    pub zh: &'static str,
    /// Its English name.
    pub en: &'static str,
    /// Its place in the pipeline, from 1; ends without a place in it have 0.
    pub position: u8,
    /// The probability that a deal in this stage is won.
    pub probability: f64,
    /// Working days that a deal may be in it before it counts as stalled; `None`: never.
    pub allowed_days: Option<u32>,
    /// Whether a deal ends here.
    pub terminal: bool,
}

const fn stage(
    code: &'static str,
    zh: &'static str,
    en: &'static str,
    position: u8,
    probability: f64,
) -> Stage {
    Stage {
        code,
        zh,
        en,
        position,
        probability,
        allowed_days: Some(5),
        terminal: false,
    }
}

const fn end(code: &'static str, zh: &'static str, en: &'static str) -> Stage {
    Stage {
        code,
        zh,
        en,
        position: 0,
        probability: 0.0,
        allowed_days: None,
        terminal: true,
    }
}

/// Working days that a stage allows where nothing else is said.
pub const DEFAULT_ALLOWED_DAYS: u32 = 5;

/// The stages in order, then the ends. `won` stands between signing and delivery, where a
/// source records it as a stage; `delivery_completed` ends the stage after winning.
pub const DEFAULT_PIPELINE: &[Stage] = &[
    stage("lead", "线索登记", "Lead", 1, 0.05),
    stage("first_contact", "初步接触", "First contact", 2, 0.15),
    stage("requirements", "需求确认", "Requirements", 3, 0.3),
    stage("quotation", "方案报价", "Quotation", 4, 0.5),
    stage("signing", "合同签订", "Signing", 5, 0.8),
    Stage {
        position: 6,
        probability: 1.0,
        ..end("won", "赢单", "Won")
    },
    Stage {
        code: "delivery_payment",
        zh: "交付回款",
        en: "Delivery and payment",
        position: 7,
        probability: 1.0,
        allowed_days: None,
        terminal: false,
    },
    Stage {
        position: 8,
        probability: 1.0,
        ..end("delivery_completed", "交付完成", "Delivered and paid")
    },
    end("lost", "输单", "Lost"),
    end("shelved", "搁置", "Shelved"),
    end("invalid", "无效", "Invalid"),
    end("duplicate", "重复", "Duplicate"),
];

/// Finds a stage by its code or by its Chinese name, as written: `DUPLICATE` in the log of
/// another system is a stage of that system. Stages of other pipelines are not known: their
/// visits are measured, their order is not.
pub fn find(name: &str) -> Option<&'static Stage> {
    let name = name.trim();
    DEFAULT_PIPELINE
        .iter()
        .find(|stage| stage.code == name || stage.zh == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_stage_by_any_of_its_names() {
        for name in ["quotation", "方案报价", " quotation "] {
            assert_eq!(find(name).map(|stage| stage.position), Some(4), "{name}");
        }
        assert!(find("Assign seriousness").is_none());
        assert!(find("DUPLICATE").is_none());
    }
}
