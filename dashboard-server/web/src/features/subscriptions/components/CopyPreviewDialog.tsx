import { PaperClipOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Modal, Segmented, Skeleton } from "antd";
import { useState } from "react";
import { FailureState, Refusal } from "@/components/States";
import { ApiError } from "@/lib/api/client";
import { usePhone } from "@/lib/media";
import { useTexts } from "@/locales/i18n";
import { type Previewed, previewQuery } from "../api";
import { withStandIns } from "../copy";

const DESKTOP_PX = 760;
const PHONE_PX = 390;

/** A copy as it would come: the mail itself, in a frame that runs nothing and leads nowhere. */
export function CopyPreviewDialog({ asked, onClose }: { asked: Previewed; onClose: () => void }) {
  const { t } = useTexts();
  const phone = usePhone();
  const [width, setWidth] = useState(DESKTOP_PX);
  const found = useQuery(previewQuery(asked));
  const copy = found.data;
  return (
    <Modal
      open
      width={phone ? "100%" : DESKTOP_PX + 48}
      className={phone ? "copy-dialog whole" : "copy-dialog"}
      title={t("subscriptions.previewTitle")}
      footer={null}
      onCancel={onClose}
      data-testid="copy-preview"
    >
      <p className="quiet small">{t("subscriptions.previewNote")}</p>
      {found.error ? (
        found.error instanceof ApiError && found.error.problem.status === 422 ? (
          <Refusal error={found.error} />
        ) : (
          <FailureState error={found.error} onRetry={() => found.refetch()} />
        )
      ) : !copy ? (
        <>
          <p className="quiet">{t("subscriptions.writing")}</p>
          <Skeleton active paragraph={{ rows: 10 }} />
        </>
      ) : (
        <>
          <div className="copy-head">
            <span className="grow">
              <span className="quiet">{t("subscriptions.subject")}</span>{" "}
              <strong>{copy.subject}</strong>
            </span>
            {!phone && (
              <Segmented<number>
                size="small"
                value={width}
                onChange={setWidth}
                options={[
                  { value: DESKTOP_PX, label: t("subscriptions.desktop") },
                  { value: PHONE_PX, label: t("subscriptions.phone") },
                ]}
              />
            )}
          </div>
          {copy.files.length > 0 && (
            <p className="quiet small">
              <PaperClipOutlined />{" "}
              {t("subscriptions.previewFiles", { files: copy.files.join(", ") })}
            </p>
          )}
          <iframe
            className="copy-frame"
            style={{ width: phone ? "100%" : width }}
            // No scripts, no forms, no way out of the frame: it is a picture of the mail.
            sandbox=""
            title={copy.subject}
            srcDoc={withStandIns(copy.html, t("subscriptions.picture"))}
            data-testid="copy-frame"
          />
        </>
      )}
    </Modal>
  );
}
