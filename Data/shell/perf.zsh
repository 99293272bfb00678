# Ctrl-X p: choose a perf recipe and put its command on the prompt, to be edited and run.
# In ~/.zshrc: eval "$(toolbox perf bindings zsh)"
__toolbox_perf_pick() {
  local line
  line=$(toolbox perf pick </dev/tty) && LBUFFER+=$line
  zle reset-prompt
}
zle -N __toolbox_perf_pick
bindkey '^Xp' __toolbox_perf_pick
