namespace Helios.Peers;

/// <summary>The comparison cannot be made; the message is the one line a person needs.</summary>
internal sealed class PeerException : Exception
{
    public PeerException()
    {
    }

    public PeerException(string message)
        : base(message)
    {
    }

    public PeerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
