// Documents of the reference bear the names of their first headings, in place of their paths.
import { Converter, ReflectionKind } from "typedoc";

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const document of project.getReflectionsByKind(ReflectionKind.Document)) {
      const heading = /^# (.+)$/m.exec(document.content.map(({ text }) => text).join(""))?.[1];
      if (heading) document.name = heading;
    }
  });
}
