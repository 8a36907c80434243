using System.Diagnostics;
using System.Globalization;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>
/// Ends the processes that this one started when it is gone, however it went. A shell holds the reading end of a pipe; the kernel closes the writing end with
/// this process, be it by exit or by SIGKILL, and the shell then kills what was registered and has not been released.
/// </summary>
public static class Reaper
{
    // "+pid starttime" registers, "-pid starttime" releases. The start time keeps a reused process id from being killed in another's place.
    private const string Script =
        """
        trap '' INT TERM HUP
        all=''
        while read -r sign pid started; do
          if [ "$sign" = + ]; then all="$all $pid:$started"; else all=$(printf '%s' "$all" | sed "s/ $pid:$started//"); fi
        done
        for entry in $all; do
          pid=${entry%%:*}
          now=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)
          [ "$now" = "${entry##*:}" ] && kill -9 "$pid" 2>/dev/null
        done
        """;

    private static readonly Lock Gate = new();
    private static Process? _shell;

    public static void Register(Process process) => Say('+', process);

    public static void Release(Process process) => Say('-', process);

    private static void Say(char sign, Process process)
    {
        if (!OperatingSystem.IsLinux() || (sign == '+' ? ProcStat.StartTicks(process.Id) : Remembered(process.Id)) is not { } started)
        {
            return;
        }

        lock (Gate)
        {
            Started[process.Id] = started;
            _shell ??= Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script]) { RedirectStandardInput = true });
            _shell!.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sign} {process.Id} {started}"));
            _shell.StandardInput.Flush();
        }
    }

    private static readonly Dictionary<int, long> Started = [];

    private static long? Remembered(int pid)
    {
        lock (Gate)
        {
            return Started.TryGetValue(pid, out var started) ? started : null;
        }
    }
}
