using System.Diagnostics.CodeAnalysis;

namespace Meridian.Federation.Intents.Etcd;

/// <summary>One attempt at etcd failed.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Always with its meaning.")]
internal sealed class EtcdCallException(EtcdFault fault, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public EtcdFault Fault => fault;
}
