# Ctrl-X p: choose a perf recipe and put its command on the prompt, to be edited and run.
# In ~/.bashrc: eval "$(toolbox perf bindings bash)"
__toolbox_perf_pick() {
  local line
  line=$(toolbox perf pick) || return
  READLINE_LINE=${READLINE_LINE:0:READLINE_POINT}$line${READLINE_LINE:READLINE_POINT}
  READLINE_POINT=$((READLINE_POINT + ${#line}))
}
bind -x '"\C-xp": __toolbox_perf_pick'
