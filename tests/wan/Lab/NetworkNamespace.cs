using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Meridian.Wan.Lab;

/// <summary>
/// A network namespace without a name, held by one thread that lives in it and by a descriptor. The kernel removes it with everything in it when these and its last
/// process are gone, however they went: nothing of it can be left over.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;
    private int _descriptor = -1;

    /// <exception cref="System.ComponentModel.Win32Exception">The system does not allow it.</exception>
    public NetworkNamespace(string name)
    {
        _thread = new Thread(() =>
        {
            foreach (var action in _work.GetConsumingEnumerable())
            {
                action();
            }
        })
        { IsBackground = true, Name = $"netns {name}" };
        _thread.Start();
        try
        {
            _descriptor = Run(() =>
            {
                Libc.Check(Libc.Unshare(Libc.NewNetwork), "unshare(CLONE_NEWNET)");
                var descriptor = Libc.Open("/proc/thread-self/ns/net", Libc.CloseOnExec);
                Libc.Check(descriptor, "open(/proc/thread-self/ns/net)");
                return descriptor;
            });
            Id = new FileInfo($"/proc/self/fd/{_descriptor}").LinkTarget!;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <value>The kernel's name of it, as <c>/proc/PID/ns/net</c> shows it: <c>net:[4026532...]</c>.</value>
    public string Id { get; } = "";

    /// <value>A path by which other processes enter it while this one lives.</value>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_descriptor}";

    /// <summary>
    /// Makes system calls on the thread that lives in the namespace: descriptors made there belong to it, whoever uses them later. System calls alone: whatever lets
    /// the runtime start a thread (a task's continuation, a timer, a process) would leave one of its pool's threads in here for good.
    /// </summary>
    public T Run<T>(Func<T> calls)
    {
        using var done = new ManualResetEventSlim();
        T result = default!;
        ExceptionDispatchInfo? failed = null;
        _work.Add(() =>
        {
            try
            {
                result = calls();
            }
            catch (Exception e)
            {
                failed = ExceptionDispatchInfo.Capture(e);
            }

            done.Set();
        });
        done.Wait();
        failed?.Throw();
        return result;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
        if (_descriptor >= 0)
        {
            _ = Libc.Close(_descriptor);
        }
    }
}
