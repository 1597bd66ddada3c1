import {
  AppstoreOutlined,
  LogoutOutlined,
  PlusOutlined,
  SearchOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Drawer, Dropdown } from "antd";
import { Suspense, useEffect, useRef, useState } from "react";
import { NavLink, Outlet, useLocation, useNavigate, useSearchParams } from "react-router";
import { useKeys } from "@/components/keyboard";
import { useOverlay } from "@/components/navigation";
import { EmptyState } from "@/components/States";
import { readOpened } from "@/lib/address";
import { useLive } from "@/lib/live";
import { usePhone } from "@/lib/media";
import { signOut, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { FOOT } from "./foot";
import { PageSkeleton } from "./PageSkeleton";
import { Palette } from "./Palette";
import { allowed, DRAWERS, FORMS, OVERLAYS, offered, PLACES } from "./places";

const LETTER_WAIT_MS = 1200;

/** The frame around all pages: navigation, search, what is open over the page. */
export function Shell() {
  const { t } = useTexts();
  const me = useMe();
  const phone = usePhone();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [palette, setPalette] = useState<"search" | "commands" | null>(null);
  const went = useRef(0);
  const places = PLACES.filter(({ needs }) => allowed(me, needs));
  useLive();

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setPalette((now) => (now ? null : "commands"));
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);

  useKeys((key, event) => {
    if (event.timeStamp - went.current < LETTER_WAIT_MS) {
      went.current = 0;
      const place = places.find(({ letter }) => letter === key);
      if (place) {
        navigate(place.path);
        return true;
      }
    }
    if (key === "g") {
      went.current = event.timeStamp;
      return true;
    }
    // The pages of numbers look for their own filters by this key.
    if (key === "/" && pathname !== "/dashboard" && pathname !== "/forecast") {
      setPalette("search");
      return true;
    }
    return false;
  });

  return (
    <div className={phone ? "shell phone" : "shell"}>
      <a className="skip" href="#content">
        {t("nav.skip")}
      </a>
      {!phone && <Side onSearch={() => setPalette("search")} />}
      <div id="content" className="shell-page" tabIndex={-1}>
        {phone && <PhoneHead onSearch={() => setPalette("search")} />}
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </div>
      {phone && <Foot />}
      <Overlays />
      {palette && <Palette mode={palette} onClose={() => setPalette(null)} />}
    </div>
  );
}

function Brand() {
  const me = useMe();
  return (
    <div className="brand">
      <img src="/icon.svg" alt="" width="22" height="22" />
      <span className="clip strong">{me.company.name ?? "Millrace"}</span>
    </div>
  );
}

function Side({ onSearch }: { onSearch: () => void }) {
  const { t, lang } = useTexts();
  const me = useMe();
  const navigate = useNavigate();
  const leave = useLeave();
  const places = PLACES.filter(({ key, needs }) => key !== "me" && allowed(me, needs));
  return (
    <nav className="side" aria-label={t("nav.main")}>
      <Brand />
      <button type="button" className="side-search" data-testid="search" onClick={onSearch}>
        <SearchOutlined /> <span className="clip grow">{t("part.search")}</span>
        <kbd>/</kbd>
      </button>
      <AddMenu />
      <ul>
        {places.map(({ key, path, icon, letter }) => (
          <li key={key}>
            <NavLink
              to={path}
              className="side-link"
              title={`g ${letter}`}
              data-testid={`nav-${key}`}
            >
              {icon}
              <span className="clip">{t(`nav.${key}`)}</span>
            </NavLink>
          </li>
        ))}
      </ul>
      <Dropdown
        trigger={["click"]}
        placement="topLeft"
        menu={{
          items: [
            { key: "me", icon: <UserOutlined />, label: t("nav.me") },
            { key: "leave", icon: <LogoutOutlined />, label: t("session.leave") },
          ],
          onClick: ({ key }) => (key === "me" ? navigate("/me") : void leave(false)),
        }}
      >
        <button type="button" className="side-me" data-testid="me">
          <span className="avatar" aria-hidden="true">
            {me.name.slice(0, 1)}
          </span>
          <span className="grow clip">
            <span className="clip strong">{me.name}</span>
            <span className="quiet small clip">
              {lang === "en" ? me.role.name_en : me.role.name_zh}
            </span>
          </span>
        </button>
      </Dropdown>
    </nav>
  );
}

/** Signs out and leads to the sign-in; nothing of what was read stays. */
export function useLeave() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async (everywhere: boolean) => {
    await signOut(everywhere).catch(() => undefined);
    navigate("/sign-in");
    client.clear();
  };
}

function AddMenu() {
  const { t } = useTexts();
  const me = useMe();
  const { openForm } = useOverlay();
  const forms = offered(me);
  if (forms.length === 0) return null;
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: forms.map((key) => ({ key, label: t(`create.${key}`) })),
        onClick: ({ key }) => openForm(key),
      }}
    >
      <Button type="primary" icon={<PlusOutlined />} className="side-add" data-testid="add">
        {t("nav.add")}
      </Button>
    </Dropdown>
  );
}

function PhoneHead({ onSearch }: { onSearch: () => void }) {
  const { t } = useTexts();
  return (
    <header className="phone-head">
      <Brand />
      <Button
        type="text"
        icon={<SearchOutlined />}
        aria-label={t("palette.open")}
        data-testid="search"
        onClick={onSearch}
      />
    </header>
  );
}

function Foot() {
  const { t } = useTexts();
  const me = useMe();
  const { openForm } = useOverlay();
  const [adding, setAdding] = useState(false);
  const forms = offered(me);
  return (
    <nav className="foot" aria-label={t("nav.main")}>
      {FOOT.map((key) => {
        if (key === "add") {
          return (
            <button
              key={key}
              type="button"
              className="foot-add"
              aria-label={t("nav.add")}
              data-testid="add"
              onClick={() => setAdding(true)}
            >
              <PlusOutlined />
            </button>
          );
        }
        const place = PLACES.find((one) => one.key === key);
        if (!place || !allowed(me, place.needs)) return <span key={key} />;
        return (
          <NavLink key={key} to={place.path} className="foot-link" data-testid={`nav-${key}`}>
            {place.icon}
            <span>{t(`nav.${key}`)}</span>
          </NavLink>
        );
      })}
      <Drawer
        open={adding}
        placement="bottom"
        size="auto"
        title={t("nav.add")}
        onClose={() => setAdding(false)}
      >
        <div className="foot-forms">
          {forms.map((key) => (
            <Button
              key={key}
              block
              size="large"
              data-testid={`create-${key}`}
              onClick={() => {
                setAdding(false);
                openForm(key);
              }}
            >
              {t(`create.${key}`)}
            </Button>
          ))}
        </div>
      </Drawer>
    </nav>
  );
}

/** The record or the form that the address has open over the page. */
function Overlays() {
  const [params] = useSearchParams();
  const opened = readOpened(params.get("open"));
  const form = params.get("new");
  const place = form ? FORMS[form] : undefined;
  const Record = opened ? DRAWERS[opened.entity] : undefined;
  return (
    <Suspense fallback={null}>
      {opened && Record && <Record key={`${opened.entity}:${opened.id}`} id={opened.id} />}
      {opened && !Record && <UnknownRecord />}
      {place && form && (
        <place.form key={`${form} ${params.get("for")}`} subject={readOpened(params.get("for"))} />
      )}
      {form && !place && <UnknownRecord />}
      {Object.entries(OVERLAYS).map(([name, Overlay]) =>
        params.has(name) ? <Overlay key={name} /> : null,
      )}
    </Suspense>
  );
}

/** An address of a kind of record that has no drawer. */
function UnknownRecord() {
  const { t } = useTexts();
  const { close } = useOverlay();
  return (
    <Drawer open onClose={close} title={<AppstoreOutlined />}>
      <EmptyState
        title={t("part.gone")}
        action={<Button onClick={close}>{t("part.close")}</Button>}
      >
        {t("part.goneNote")}
      </EmptyState>
    </Drawer>
  );
}
