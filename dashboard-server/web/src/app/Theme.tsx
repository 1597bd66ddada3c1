import { App as AntApp, ConfigProvider, theme } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { type ReactNode, useEffect } from "react";
import { useMedia } from "@/lib/media";
import { useTexts } from "@/locales/i18n";

const FONT =
  "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', 'Helvetica Neue', Arial, sans-serif";

/** The name of a field that must be filled, with its mark behind it. */
function starred(label: ReactNode, { required }: { required: boolean }) {
  return (
    <>
      {label}
      {required && (
        <span className="required" aria-hidden="true">
          *
        </span>
      )}
    </>
  );
}

/** Ant Design in the reader's language and colour scheme. */
export function Theme({ children }: { children: ReactNode }) {
  const { lang } = useTexts();
  const dark = useMedia("(prefers-color-scheme: dark)");
  const still = useMedia("(prefers-reduced-motion: reduce)");
  useEffect(() => {
    dayjs.locale(lang === "zh" ? "zh-cn" : "en");
  }, [lang]);
  return (
    <ConfigProvider
      locale={lang === "zh" ? zhCN : enUS}
      button={{ autoInsertSpace: false }}
      form={{ requiredMark: starred }}
      theme={{
        algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
        token: {
          colorPrimary: "#1677ff",
          fontSize: 14,
          fontFamily: FONT,
          motion: !still,
          motionDurationSlow: "0.18s",
          motionDurationMid: "0.14s",
        },
        components: { Table: { cellPaddingBlockSM: 6.5 } },
      }}
    >
      <Colors />
      <AntApp>{children}</AntApp>
    </ConfigProvider>
  );
}

/** The theme's colours under the names that our own styles use, for the page and what lies over it. */
function Colors() {
  const { token } = theme.useToken();
  useEffect(() => {
    const colors = {
      "--text": token.colorText,
      "--quiet": token.colorTextSecondary,
      "--faint": token.colorTextTertiary,
      "--border": token.colorBorderSecondary,
      "--page": token.colorBgLayout,
      "--card": token.colorBgContainer,
      "--raised": token.colorBgElevated,
      "--hover": token.colorFillTertiary,
      "--fill": token.colorFillSecondary,
      "--accent": token.colorPrimary,
      "--accent-quiet": token.colorPrimaryBg,
      "--font": token.fontFamily,
    };
    for (const [name, color] of Object.entries(colors)) {
      document.documentElement.style.setProperty(name, color);
    }
  }, [token]);
  return null;
}
