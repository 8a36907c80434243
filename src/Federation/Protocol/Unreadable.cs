using System.Runtime.CompilerServices;

namespace Meridian.Federation.Protocol;

/// <summary>Stands for a message that could not be read: gRPC takes no null.</summary>
internal static class Unreadable<T>
    where T : class
{
    /// <value>Known by its reference alone; no constructor made it, and nothing may be read from it.</value>
    public static readonly T Message = (T)RuntimeHelpers.GetUninitializedObject(typeof(T));
}
