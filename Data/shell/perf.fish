# Ctrl-X p: choose a perf recipe and put its command on the prompt, to be edited and run.
# In ~/.config/fish/config.fish: toolbox perf bindings fish | source
function __toolbox_perf_pick
    set -l line (toolbox perf pick </dev/tty | string collect)
    and commandline --insert -- $line
    commandline --function repaint
end
bind \cxp __toolbox_perf_pick
