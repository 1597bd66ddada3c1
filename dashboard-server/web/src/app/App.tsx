import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ApiError } from "@/lib/api/client";
import { Broken } from "./Broken";
import { NotFound } from "./NotFound";
import { PLACES } from "./places";
import { SessionGate } from "./SessionGate";
import { Shell } from "./Shell";
import { Start } from "./Start";
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

const SignInPage = lazy(async () => ({
  default: (await import("@/features/session/pages/SignInPage")).SignInPage,
}));

const router = createBrowserRouter([
  {
    path: "/sign-in",
    element: (
      <Suspense fallback={null}>
        <SignInPage />
      </Suspense>
    ),
  },
  {
    element: <SessionGate />,
    errorElement: <Broken />,
    children: [
      {
        element: <Shell />,
        children: [
          { path: "/", element: <Start /> },
          ...PLACES.map(({ path, page: Page }) => ({
            path: `${path}/*`,
            element: <Page />,
            errorElement: <Broken />,
          })),
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
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
