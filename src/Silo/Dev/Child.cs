using System.Diagnostics;
using System.Globalization;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Dev;

/// <summary>
/// One supervised process: starts it, forwards its output, polls its readiness, and restarts it when it dies.
/// Its standard input is a pipe that the supervisor holds open. Closing the pipe asks the child to stop. The kernel closes the pipe when the supervisor dies in
/// any way, so no child outlives its supervisor. (A parent-death signal would not do: it is tied to a thread of the parent, not to the process.)
/// </summary>
public sealed class Child(ChildPlan plan, DevConsole console, OutputPrefixer prefixer, HttpClient http, TimeProvider time)
{
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(100);

    private readonly RestartSchedule _schedule = new(time);
    private readonly TaskCompletionSource _firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Process? _process;

    // A race: Stop may run while RunAsync starts a process. Stop sets this before it reads _process, and RunAsync sets _process before it reads this. So at
    // least one of them sees the other, and a child that starts during the stop is stopped too.
    private volatile bool _stopAsked;

    public ChildPlan Plan => plan;

    /// <value>Id of the running process, or null while there is none.</value>
    public int? Pid { get; private set; }

    /// <value>Completes when the child is ready for the first time.</value>
    public Task FirstReady => _firstReady.Task;

    /// <summary>
    /// Runs until <paramref name="stopping"/> fires and the process has exited, or until the child reports that its settings are wrong.
    /// </summary>
    /// <param name="changed">Called whenever <see cref="Pid"/> has changed.</param>
    /// <param name="stopping">After it fires, the child is not restarted.</param>
    /// <returns><see cref="ExitCode.Ok"/>, or <see cref="ExitCode.Mistake"/> if a restart would not help.</returns>
    public async Task<int> RunAsync(Action changed, CancellationToken stopping)
    {
        var runs = 0;
        while (!stopping.IsCancellationRequested)
        {
            runs++;
            var startedAt = time.GetTimestamp();
            using var process = Start();
            _process = process;
            Pid = process.Id;
            changed();
            if (_stopAsked)
            {
                Stop();
            }

            var output = Task.WhenAll(PumpAsync(process.StandardOutput), PumpAsync(process.StandardError));
            using (var exited = CancellationTokenSource.CreateLinkedTokenSource(stopping))
            {
                var ready = WatchReadyAsync(startedAt, runs, exited.Token);
                await process.WaitForExitAsync(CancellationToken.None);
                await exited.CancelAsync();
                await ready;
            }

            _process = null;
            await output;
            if (stopping.IsCancellationRequested)
            {
                break;
            }

            if (process.ExitCode == ExitCode.Mistake)
            {
                Pid = null;
                return ExitCode.Mistake;
            }

            var delay = _schedule.Exited();
            Event($"{Died(process.ExitCode)} after {Seconds(startedAt)}; starting it again {(delay == TimeSpan.Zero ? "now" : $"in {delay.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s")}");
            if (delay > TimeSpan.Zero)
            {
                Pid = null;
                changed();
                await Task.Delay(delay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Pid = null;
        changed();
        return ExitCode.Ok;
    }

    /// <summary>Asks the process to stop by closing its standard input.</summary>
    public void Stop()
    {
        _stopAsked = true;
        try
        {
            _process?.StandardInput.Close();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // It exited in between.
        }
    }

    /// <summary>Kills the process at once.</summary>
    public void Kill()
    {
        try
        {
            _process?.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It exited in between.
        }
    }

    /// <value>
    /// Settings of the .NET runtime for several regions on one machine; the developer's own environment variables take precedence. Waiting threads do not spin,
    /// because the engines of the other regions need the processor. A method is compiled a second time, with optimizations, after 768 calls (hexadecimal 300)
    /// instead of 30, so a restarting region takes less processor time from the regions that serve.
    /// </value>
    private static IEnumerable<(string Name, string Value)> SharedMachine =>
    [
        ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"),
        ("DOTNET_TieredPGO", "0"),
        ("DOTNET_TC_CallCountThreshold", "300"),
    ];

    private static string Died(int exitCode) => exitCode > 128
        ? $"died of signal {exitCode - 128}{(exitCode == 137 ? " (kill -9)" : "")}"
        : $"exited with code {exitCode}";

    private Process Start()
    {
        var start = new ProcessStartInfo
        {
            FileName = Environment.ProcessPath!,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // When started as `dotnet meridian-server.dll`, the process is dotnet, and the child needs the path of the file as its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(Child).Assembly.Location);
        }

        foreach (var argument in plan.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.ArgumentList.Add(ProcessArguments.ExitWithInput);
        foreach (var (name, value) in plan.Environment)
        {
            start.Environment[name] = value;
        }

        foreach (var (name, value) in SharedMachine)
        {
            start.Environment.TryAdd(name, value);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"'{start.FileName}' did not start.");
    }

    private async Task PumpAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            console.Line(prefixer.Prefix(line));
        }
    }

    private async Task WatchReadyAsync(long startedAt, int run, CancellationToken cancellationToken)
    {
        var readyz = new Uri(plan.Url, "/readyz");
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var answer = await http.GetAsync(readyz, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    _schedule.Ready();
                    Event($"{(run == 1 ? "ready in" : "ready again after")} {Seconds(startedAt)}");
                    _firstReady.TrySetResult();
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // The child does not listen yet, or it has ended.
            }

            await Task.Delay(ReadyPoll, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Event(string text) => console.Line(prefixer.Prefix(text));

    private string Seconds(long since) => string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(since).TotalSeconds:0.0} s");
}
