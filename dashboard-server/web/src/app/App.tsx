import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createBrowserRouter, RouterProvider } from "react-router";
import { DashboardPage } from "@/features/dashboard/pages/DashboardPage";
import { ApiError } from "@/lib/api/client";
import { NotFound } from "./NotFound";
import { Theme } from "./Theme";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      // What the server refused once it refuses again; a lost connection may come back.
      retry: (count, error) => !(error instanceof ApiError) && count < 2,
      refetchOnWindowFocus: false,
    },
  },
});

const router = createBrowserRouter([
  { path: "/", element: <DashboardPage /> },
  { path: "*", element: <NotFound /> },
]);

export function App() {
  return (
    <QueryClientProvider client={client}>
      <Theme>
        <RouterProvider router={router} />
      </Theme>
    </QueryClientProvider>
  );
}
