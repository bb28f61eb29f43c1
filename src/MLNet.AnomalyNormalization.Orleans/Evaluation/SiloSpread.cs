namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>
/// Says which silo gets the next range: the one with the least under way. What Orleans knows of its silos is seconds old, too old for a
/// first evaluation, which it would give to one silo as a whole; the caller knows what it has handed out.
/// </summary>
internal sealed class SiloSpread
{
    private readonly object _lock = new();
    private Dictionary<SiloAddress, Load> _silos = [];

    /// <summary>The number of silos; 1 where none is known.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return Math.Max(1, _silos.Count);
        }
    }

    /// <summary>Sets which silos there are.</summary>
    public void Know(IEnumerable<SiloAddress> silos)
    {
        lock (_lock)
        {
            // Several callers at a time don't all begin with the same silo.
            SiloAddress[] known = [.. silos];
            Random.Shared.Shuffle(known);
            _silos = known.ToDictionary(silo => silo, silo => _silos.GetValueOrDefault(silo) ?? new());
        }
    }

    /// <summary>Takes the silo for another range; null where none is known.</summary>
    public SiloAddress? Take()
    {
        lock (_lock)
        {
            if (_silos.Count == 0)
                return null;

            (SiloAddress silo, Load load) = _silos.MinBy(silo => (silo.Value.UnderWay, silo.Value.Given));
            load.UnderWay++;
            load.Given++;
            return silo;
        }
    }

    /// <summary>Gives a silo back whose range is done.</summary>
    public void Return(SiloAddress? silo)
    {
        lock (_lock)
        {
            if (silo is not null && _silos.GetValueOrDefault(silo) is { } load)
                load.UnderWay--;
        }
    }

    private sealed class Load
    {
        public int UnderWay { get; set; }

        public int Given { get; set; }
    }
}
