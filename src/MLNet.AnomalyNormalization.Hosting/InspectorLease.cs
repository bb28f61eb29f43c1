using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>An inspector that is disposed when nobody uses it any more: whoever made it, and each that has taken it, disposes it once.</summary>
internal sealed class InspectorLease(AnomalyInspector inspector) : IDisposable
{
    private int _uses = 1;

    public AnomalyInspector Inspector => inspector;

    /// <summary>Takes it for a while; false if it is disposed already.</summary>
    public bool TryTake()
    {
        int uses = Volatile.Read(ref _uses);
        while (uses > 0)
        {
            int found = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (found == uses)
                return true;
            uses = found;
        }

        return false;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _uses) == 0)
            inspector.Dispose();
    }
}
