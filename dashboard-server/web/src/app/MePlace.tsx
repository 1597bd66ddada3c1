import { NavLink } from "react-router";
import { MePage } from "@/features/me/pages/MePage";
import { usePhone } from "@/lib/media";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { FOOT } from "./foot";
import { allowed, PLACES } from "./places";

/** One's own page; on a phone also the way to the places that have none at its foot. */
export function MePlace() {
  const { t } = useTexts();
  const me = useMe();
  const phone = usePhone();
  const others = PLACES.filter(({ key, needs }) => !FOOT.includes(key) && allowed(me, needs));
  return (
    <>
      {phone && (
        <nav className="places" aria-label={t("nav.others")}>
          {others.map(({ key, path, icon }) => (
            <NavLink key={key} to={path} className="place-link" data-testid={`nav-${key}`}>
              {icon}
              <span>{t(`nav.${key}`)}</span>
            </NavLink>
          ))}
        </nav>
      )}
      <MePage />
    </>
  );
}
