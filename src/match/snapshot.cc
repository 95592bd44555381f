// One walk over everything visible.
#include "match/snapshot.h"

#include "match/fields.h"
#include "match/state_writer.h"

namespace matchbus::match {

void write_report(BytesWriter& out, const Match& match) {
  StateWriter<Form::kPlain>(out, match.texts()).object(kMatchTable, &match.state());
}

void write_snapshot(BytesWriter& out, const Match& match) {
  StateWriter<Form::kPlain>(out, match.texts()).object(match.viewer_table(), &match.state());
}

void write_snapshot_escaped(BytesWriter& out, const Match& match) {
  StateWriter<Form::kEscaped>(out, match.texts()).object(match.viewer_table(), &match.state());
}

void write_shown(BytesWriter& out, const Match& match) {
  StateWriter<Form::kPlain>(out, match.texts()).object(match.viewer_table(), &match.shown());
}

void write_shown_escaped(BytesWriter& out, const Match& match) {
  StateWriter<Form::kEscaped>(out, match.texts()).object(match.viewer_table(), &match.shown());
}

}  // namespace matchbus::match
