#include "load/final_check.h"

namespace matchbus::load {
namespace {

ViewerOptions whole_states(ViewerOptions options) {
  options.diff = false;
  options.deflate = false;
  return options;
}

}  // namespace

FinalCheck::FinalCheck(net::Loop& loop, const ViewerOptions& options, const Crowd& crowd,
                       const std::vector<std::unique_ptr<Judge>>& judges, size_t matches)
    : options_(whole_states(options)), follows_changes_(options.diff), crowd_(crowd), judges_(judges) {
  for (size_t match = 0; match < std::min(matches, crowd.readers()); ++match) {
    witnesses_.push_back(std::make_unique<Witness>());
    Witness& witness = *witnesses_.back();
    witness.viewer =
        make_viewer(ViewerKind::kOverlay, loop, options_, {crowd.group_code(match), 0, 0}, totals_, witness.judge);
    witness.viewer->connect();
  }
}

bool FinalCheck::is_right(const Viewer& viewer, size_t match, bool patched_right) const {
  if (follows_changes_) return patched_right && viewer.last_seq() == judges_[match]->seq();
  return viewer.last_hash() == witnesses_[match]->viewer->last_hash();
}

size_t FinalCheck::count_wrong() const {
  std::vector<bool> patched_right(witnesses_.size());
  for (size_t match = 0; match < witnesses_.size() && follows_changes_; ++match)
    patched_right[match] = judges_[match]->is_state(witnesses_[match]->judge.state_text());
  size_t wrong = 0;
  for (size_t i = 0; i < crowd_.readers(); ++i) {
    const Viewer& viewer = crowd_.viewer(i);
    const size_t match = crowd_.match_of(i);
    if (!viewer.is_gone() && !is_right(viewer, match, patched_right[match])) ++wrong;
  }
  return wrong;
}

}  // namespace matchbus::load
