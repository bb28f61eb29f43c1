using System.Runtime.ExceptionServices;
using Microsoft.ML;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>Reads a data view by several cursors at once, each with rows of its own.</summary>
internal static class CursorSet
{
    /// <param name="data">The data.</param>
    /// <param name="columns">The columns that are read.</param>
    /// <param name="cursors">How many cursors to ask for; there may be fewer.</param>
    /// <param name="read">Reads all rows of a cursor, on a thread of its own if there are several.</param>
    /// <param name="readAgain">Reads all rows of one cursor after several have met a bad row, to tell its number.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>What was read by each cursor.</returns>
    public static T[] Read<T>(
        IDataView data, IReadOnlyList<DataViewSchema.Column> columns, int cursors, Func<DataViewRowCursor, CancellationToken, T> read,
        Action<DataViewRowCursor> readAgain, CancellationToken cancellationToken)
    {
        DataViewRowCursor[] set = cursors == 1 ? [data.GetRowCursor(columns)] : data.GetRowCursorSet(columns, cursors);
        try
        {
            return set is [var only] ? [Read(only, read, cancellationToken)] : ReadAtOnce(set, read, cancellationToken);
        }
        catch (InvalidDataException) when (set.Length > 1)
        {
            // Each of several cursors counts its own rows. One cursor from the start meets the first bad row and knows its number.
            using DataViewRowCursor alone = data.GetRowCursor(columns);
            readAgain(alone);
            throw;
        }
    }

    private static T[] ReadAtOnce<T>(
        DataViewRowCursor[] cursors, Func<DataViewRowCursor, CancellationToken, T> read, CancellationToken cancellationToken)
    {
        using var failure = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ExceptionDispatchInfo? first = null;

        // A thread for each: cursors of one set may wait for each other.
        var results = new T[cursors.Length];
        Task[] readers = [.. cursors.Select((cursor, i) => Task.Factory.StartNew(() =>
        {
            try
            {
                results[i] = Read(cursor, read, failure.Token);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(e), null);
                failure.Cancel();
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        Task.WaitAll(readers, CancellationToken.None);
        first?.Throw();
        return results;
    }

    private static T Read<T>(DataViewRowCursor cursor, Func<DataViewRowCursor, CancellationToken, T> read, CancellationToken cancellationToken)
    {
        using (cursor)
            return read(cursor, cancellationToken);
    }
}
