namespace Meridian.Client.Chat;

/// <summary>Draws the seeds of chats without a seed. A <see cref="Random"/> with its own state is not thread-safe, so a lock protects it.</summary>
internal sealed class SeedSource(Random random)
{
    private readonly Lock _gate = new();

    public long Next()
    {
        lock (_gate)
            return random.NextInt64();
    }
}
