#ifndef TOOLBOX_STOP_SIGNALS_H
#define TOOLBOX_STOP_SIGNALS_H

/* From now on SIGTERM, SIGINT and SIGHUP no longer end the process: each is noted. Returns 0, or an error number. */
int toolbox_catch_stop_signals(void);

/* The signal that was noted first; 0 while there is none. */
int toolbox_stop_signal(void);

/* Waits until a signal is noted or so many milliseconds have passed on the clock that goes on while the machine sleeps.
   Returns the signal, or 0. Only after toolbox_catch_stop_signals. */
int toolbox_wait_for_stop(long milliseconds);

#endif
