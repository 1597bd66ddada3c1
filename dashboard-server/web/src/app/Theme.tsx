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

/** Words in these colours can be read on their own quiet grounds; styles.css has the same. */
const LIGHT = {
  colorSuccess: "#0b7a4b",
  colorSuccessBg: "#e6f4ec",
  colorSuccessBorder: "#a9d8bf",
  colorWarning: "#9a5b00",
  colorWarningBg: "#fff7e6",
  colorWarningBorder: "#f0d49b",
  colorError: "#b3261e",
  colorErrorBg: "#fdecea",
  colorErrorBorder: "#f2b8b5",
};
const DARK = {
  colorInfo: "#6aa7f5",
  colorInfoBg: "#111f36",
  colorInfoBorder: "#1d3a66",
  colorSuccess: "#5cd6a0",
  colorSuccessBg: "#10291d",
  colorSuccessBorder: "#1d4a34",
  colorWarning: "#e8b339",
  colorWarningBg: "#2b2111",
  colorWarningBorder: "#574216",
  colorError: "#f0685f",
  colorErrorBg: "#33191a",
  colorErrorBorder: "#5f2a2a",
  colorLink: "#6aa7f5",
};

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
          ...(dark ? DARK : LIGHT),
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
  const dark = useMedia("(prefers-color-scheme: dark)");
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
      // Words in the accent are lighter on dark ground than what is filled with it.
      "--accent": dark ? DARK.colorInfo : token.colorPrimary,
      "--accent-fill": token.colorPrimary,
      "--accent-quiet": token.colorPrimaryBg,
      "--font": token.fontFamily,
    };
    for (const [name, color] of Object.entries(colors)) {
      document.documentElement.style.setProperty(name, color);
    }
  }, [token, dark]);
  return null;
}
