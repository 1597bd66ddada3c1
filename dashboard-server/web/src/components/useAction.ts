import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { refreshRecords } from "@/lib/api/records";
import { useTellProblem } from "./States";

/**
 * Does something to records and says what came of it: the words on success, the refusal otherwise.
 * Whatever shows records is asked for again either way, since a refusal says that they changed.
 */
export function useAction<Input, Output = unknown>(
  run: (input: Input) => Promise<Output>,
  done?: (output: Output, input: Input) => string | null,
) {
  const client = useQueryClient();
  const { message, notification } = App.useApp();
  const tell = useTellProblem();
  return useMutation({
    mutationFn: run,
    onSuccess: (output, input) => {
      const words = done?.(output, input);
      if (words) void message.success(words);
    },
    onError: (error) => {
      const { sentence, detail } = tell(error);
      notification.error({ title: sentence, description: detail ?? undefined });
    },
    onSettled: () => refreshRecords(client),
  });
}
